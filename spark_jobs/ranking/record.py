"""What the ranking tells: the record of the answers of `listening`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spark_jobs.shared.records import Document, Parameters, StageRecord

RANKING = "ranking"


class RankingParameters(Parameters):
    """What the ranking was told."""

    top_sessions: int
    top_songs: int
    session_gap_minutes: int
    window_days: int | None = Field(description="Null: sessions count whenever they started.")


class Alternatives(Document):
    """Whether the songs were ranked under other definitions too, and which ones."""

    made: bool
    definitions: tuple[str, ...]
    seconds: float = Field(description="Wall seconds to find the sessions of these definitions.")


class Profiles(Document):
    """The file of the listeners' profiles, if one was given, and why it could not be used."""

    path: str | None
    problem: str | None


class RankingRecord(StageRecord):
    """How many sessions, songs and listeners the answer has."""

    stage: Literal["ranking"] = "ranking"
    parameters: RankingParameters
    top_sessions: int
    top_songs: int
    listeners: int
    alternatives: Alternatives
    profiles: Profiles


RECORD = RankingRecord
