"""The record of engagement: how many rows each answer of `notes` has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spark_jobs.shared.records import Parameters, StageRecord

ENGAGEMENT = "engagement"


class EngagementParameters(Parameters):
    """The arguments of engagement."""

    session_gap_minutes: int


class EngagementRecord(StageRecord):
    """How many sessions there are, and how many rows each answer has."""

    stage: Literal["engagement"] = "engagement"
    parameters: EngagementParameters
    sessions: int
    rows: dict[str, int] = Field(description="Rows of each answer, by its table.")
    flagged: int = Field(description="Values of a day that are anomalies.")


RECORD = EngagementRecord
