"""What the report of `listening` says beside what every report says: the answer, how sure it is, who listened when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from include.report.model import ParameterValue, RunReport, Verdict
from spark_jobs.shared.records import Document


class Song(Document):
    """A song of a ranking."""

    rank: int
    artist_name: str
    track_name: str
    play_count: int
    session_count: int
    listener_count: int


class TopSession(Document):
    """A session that the answer is about."""

    rank: int
    session_id: str
    user_id: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    duration_seconds: int
    track_count: int
    distinct_song_count: int
    is_implausible: bool
    tracks_per_minute: float = Field(description="A session shorter than a minute counts as one.")


class SessionPlays(Document):
    """How often a song was played in a top session."""

    session_rank: int
    user_id: str
    plays: int


class SongSpread(Document):
    """How the plays of a song spread over sessions and listeners."""

    rank: int
    artist_name: str
    track_name: str
    sessions: tuple[SessionPlays, ...] = Field(description="The top sessions with most plays of the song.")
    other_plays: int = Field(description="Plays in all other top sessions.")
    first_listener: str = Field(description="The user who played the song most.")
    first_listener_plays: int


class Period(Document):
    """The listens of a day, week or month, and the sessions that started in it; weeks begin on Monday."""

    start: date
    listens: int
    sessions: int


class NotShown(Document):
    """What lies outside the periods."""

    listens: int
    sessions: int
    first_day: date
    last_day: date


class OverTime(Document):
    """Listens, and sessions by their start, in each period of the range that holds nearly all listens."""

    period: Literal["day", "week", "month"]
    periods: tuple[Period, ...]
    earlier: NotShown | None
    later: NotShown | None


class SessionLengths(Document):
    """How many sessions have so many tracks, and how many of the top ones."""

    from_tracks: int
    to_tracks: int
    sessions: int
    top_sessions: int


class Change(Document):
    """A song that is in only one of two rankings, or at another rank; a rank is null where the song is not."""

    artist_name: str
    track_name: str
    from_rank: int | None
    to_rank: int | None


class Changes(Document):
    """What becomes of the songs from one ranking to another."""

    kept: int = Field(description="Songs that are in both rankings.")
    entered: tuple[Change, ...]
    left: tuple[Change, ...]
    up: tuple[Change, ...]
    down: tuple[Change, ...]


class Alternative(Changes):
    """The ranking under another definition, and what changes from the answer to it."""

    definition: str
    top_songs: tuple[Song, ...]


class SincePrevious(Changes):
    """The answer against that of the last earlier run date."""

    run_date: date
    parameters: dict[str, tuple[ParameterValue, ParameterValue]] = Field(description="Others then: [then, now].")
    verdict: Verdict
    quality_score: float
    quality_score_change: float


class Country(Document):
    """The listeners of a country; null: not known."""

    country: str | None
    listeners: int


class Age(Document):
    """The listeners of ten years of age; null: not known."""

    from_age: int | None
    listeners: int


class Joined(Document):
    """The listeners who joined in a year; null: not known."""

    year: int | None
    listeners: int


class Listeners(Document):
    """Who the listeners of the top sessions are, as far as their profiles tell."""

    listeners: int
    countries: tuple[Country, ...]
    ages: tuple[Age, ...]
    joined: tuple[Joined, ...]


Hours = Annotated[tuple[int, ...], Field(min_length=24, max_length=24)]


class ListeningReport(RunReport):
    """A run's report: the answer, whether to trust it, and what lies behind it. Times are UTC."""

    top_songs: tuple[Song, ...] = Field(description="The answer.")
    top_sessions: tuple[TopSession, ...] = Field(description="The sessions the answer is about.")
    song_spread: tuple[SongSpread, ...]
    over_time: OverTime
    by_weekday: tuple[Hours, ...] = Field(
        description="Listens by weekday, Monday first, and hour of the day.", min_length=7, max_length=7
    )
    session_lengths: tuple[SessionLengths, ...] = Field(description="Sessions by tracks, in powers of two.")
    alternatives: tuple[Alternative, ...] | None = Field(description="Null where none was made.")
    listeners: Listeners | None = Field(description="Null without profiles.")
    profiles_problem: str | None = Field(description="Why the profiles given could not be used.")
    since_previous: SincePrevious | None = Field(description="Null where there is no earlier one that can be read.")


REPORT = ListeningReport
