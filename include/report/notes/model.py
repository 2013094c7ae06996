"""What the report of `notes` says beside what every report says: the answers, as far as a page shows them.

Rates and shares are parts of 1. Days are UTC. Null is what is not known, or not known yet.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from include.report.model import ParameterValue, RunReport, Verdict
from spark_jobs.shared.records import Document

Metric = Literal["dau", "p95_load_ms", "sessions"]
SegmentKind = Literal["country", "device", "subscription"]


class Day(Document):
    """How many users were active on a day, and in the windows that end with it."""

    day: date
    dau: int
    wau_7d: int
    mau_28d: int
    mau_month_to_date: int
    stickiness: float | None = Field(description="dau by mau_28d; null where that is 0.")
    new_users: int = Field(description="Users first seen that day.")
    window_complete: bool = Field(description="Whether the log has the 28 days that end with this one.")


class ActiveDays(Document):
    """How many users were active on so many of the 28 days that end with the run date."""

    active_days: int
    users: int


class PowerUser(Document):
    """One of the users with most active time in the 28 days that end with the run date."""

    rank: int
    user_id: str
    active_hours: float
    active_days: int
    share_of_active_time: float


class Cohort(Document):
    """The users whose first interaction is of one week, and how many of them were there in the weeks from it on."""

    week: date = Field(description="Its Monday.")
    size: int
    is_first: bool = Field(description="The log's first cohort: it also has users from before the log.")
    retained_in: tuple[int | None, ...] = Field(description="In week 0, 1, ...; null while the week is not over.")
    retained_in_or_after: tuple[int | None, ...]


class Average(Document):
    """All cohorts for which a week is over, together."""

    week: int
    cohorts: int
    size: int
    retained_in: int
    retained_in_or_after: int
    rate_in: float
    rate_in_or_after: float


class Segment(Document):
    """The users of a country, a device type or a subscription, and their sessions."""

    kind: SegmentKind
    segment: str
    users: int
    sessions: int
    mean_duration_seconds: float | None
    bounce_rate: float | None = Field(description="Sessions of one interaction, as a part of all.")


class SessionMeans(Document):
    """What some sessions are like; a duration that is not known counts as 0."""

    sessions: int
    mean_duration_seconds: float | None
    mean_active_seconds: float | None
    mean_interactions: float | None


class LoadTimes(Document):
    """How long page views of a version took to load, in milliseconds."""

    app_version: str
    count: int
    p50_ms: float
    p95_ms: float | None = Field(description="Null below 20 values.")
    p99_ms: float | None = Field(description="Null below 100 values.")


class DeviceCorrelation(Document):
    """Spearman's correlation of a device's year and its user's median load time."""

    app_version: str
    users: int
    spearman: float | None = Field(description="Null below 10 users, or where one side is constant.")


class Measured(Document):
    """A metric of a day beside the 28 days before it."""

    day: date
    metric: Metric
    value: float | None
    mean: float | None
    standard_deviation: float | None
    z: float | None
    flagged: bool
    same_weekday_week_before: float | None


class Summary(Document):
    """The whole log, and the windows that end with the run date, in numbers."""

    days: int = Field(description="From the log's first day to the run date.")
    users: int = Field(description="Users with an interaction.")
    sessions: int
    bounce_rate: float | None
    dau: int
    wau_7d: int
    mau_28d: int
    stickiness: float | None


class Change(Document):
    """A value that is another one than in the answer before."""

    kind: Literal["whole", "country", "device", "subscription", "version", "day"]
    subject: str = Field(description="The segment, the version or the day; empty for the whole log.")
    measure: Literal[
        "wau_7d",
        "mau_28d",
        "stickiness",
        "week_1_retention",
        "week_4_retention",
        "mean_duration_seconds",
        "bounce_rate",
        "p95_ms",
        "dau",
    ]
    before: float
    now: float
    change: float | None = Field(description="The difference as a part of the value before; null where that is 0.")


class SincePrevious(Document):
    """The answer against that of the last earlier run date."""

    run_date: date
    parameters: dict[str, tuple[ParameterValue, ParameterValue]] = Field(description="Others then: [then, now].")
    verdict: Verdict
    quality_score: float
    summary: Summary
    changes: tuple[Change, ...] = Field(description="What changed most, by `include.report.notes.changes`.")


class NotesReport(RunReport):
    """A run's report: the answers, whether to trust them, and what lies behind them. Times are UTC."""

    daily_engagement: tuple[Day, ...] = Field(description="The answer published last, the run date first.")
    summary: Summary
    retention: tuple[Cohort, ...]
    average_retention: tuple[Average, ...] = Field(description="Of the weeks that are over for a cohort.")
    active_days: tuple[ActiveDays, ...]
    power_users: tuple[PowerUser, ...] = Field(description="Those of most active time.")
    power_user_count: int
    segments: tuple[Segment, ...] = Field(description="Of each kind those with most users first.")
    all_sessions: SessionMeans
    sessions_of_several: SessionMeans = Field(description="Those of two and more interactions.")
    load_times: tuple[LoadTimes, ...] = Field(description="All days together, the oldest version first.")
    device_correlation: tuple[DeviceCorrelation, ...]
    anomalies: tuple[Measured, ...] = Field(description="Metrics of the last days, flagged or not, in order of days.")
    since_previous: SincePrevious | None = Field(description="Null where there is no earlier one that can be read.")


REPORT = NotesReport
