"""Which sessions may be ranked by when they started: in the last days up to the run date's end, or whenever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

MAXIMUM_DAYS = 36_500


@dataclass(frozen=True)
class StartWindow:
    """The days (UTC) on which a session must start to be ranked, both included."""

    first_day: date
    last_day: date

    @property
    def day_after(self) -> date:
        """The day at whose beginning the window is over."""
        return self.last_day + timedelta(days=1)


def last_days(run_date: date, days: int | None) -> StartWindow | None:
    """Return the window of `days` days that ends with the run date; None for all days."""
    return StartWindow(run_date - timedelta(days=days - 1), run_date) if days else None


def started_in(sessions: DataFrame, window: StartWindow | None) -> DataFrame:
    """The sessions that started in a window; all of them where there is none."""
    if window is None:
        return sessions
    # A day next to a time is its midnight, in the session's time zone: UTC.
    started_at = F.col("started_at")
    return sessions.where((started_at >= F.lit(window.first_day)) & (started_at < F.lit(window.day_after)))


def reaching_into(sessions: DataFrame, window: StartWindow | None) -> DataFrame:
    """The sessions of which a part can start in a window, whenever they did; all of them where there is none."""
    if window is None:
        return sessions
    return sessions.where(
        (F.col("ended_at") >= F.lit(window.first_day)) & (F.col("started_at") < F.lit(window.day_after))
    )
