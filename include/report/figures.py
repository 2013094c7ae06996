"""When there were listens and sessions, and how long the sessions are: from the lake's Parquet, in little memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from include.report.scan import scan, scan_listens
from spark_jobs.shared.lake import SESSIONS, Lake

Counts = NDArray[np.int64]
HOURS_A_WEEK = 168
MICROSECONDS_AN_HOUR = 3_600_000_000
# 1970-01-01 was a Thursday.
HOURS_TO_FIRST_MONDAY = 96
# The longest spans, in days, that are told by the day and by the week; a longer one is told by the month.
BY_DAY, BY_WEEK = 92, 1100


def listening_figures(lake: Lake, run_date: date, top_sessions: list[dict[str, Any]]) -> dict[str, Any]:
    """Count the listens and sessions of a run's log in one pass over each.

    See `over_time`, `by_weekday` and `session_lengths`.
    """
    listens, sessions, tracks = _none(), _none(), _none()
    for batch in scan_listens(lake, run_date, ["listened_at"]).to_batches():
        listens = _added(listens, _hours(batch["listened_at"]))
    for batch in scan(lake, SESSIONS, run_date, ["started_at", "track_count"]).to_batches():
        sessions = _added(sessions, _hours(batch["started_at"]))
        tracks = _added(tracks, _powers_of_two(batch["track_count"].to_numpy()))
    top = _added(_none(), _powers_of_two(np.array([row["track_count"] for row in top_sessions], np.int64)))
    return {
        "over_time": over_time(listens, sessions),
        "by_weekday": by_weekday(listens),
        "session_lengths": session_lengths(tracks, top),
    }


def over_time(listens: Counts, sessions: Counts) -> dict[str, Any]:
    """Listens, and sessions by their start, in each day, week or month of the log's span, empty ones too.

    Both are given as counts by hour since 1970 (UTC). A week begins on Monday.
    """
    hours = np.flatnonzero(listens)
    if not len(hours):
        return {"period": "day", "periods": []}
    days = hours[[0, -1]] // 24
    span = days[1] - days[0]
    period = "day" if span < BY_DAY else "week" if span < BY_WEEK else "month"
    first, last = _period_of(days, period)
    starts = _start_of(np.arange(first, last + 1), period)
    counts = [_by_period(counted, period, first, last) for counted in (listens, sessions)]
    rows = zip(starts.astype(str).tolist(), *(count.tolist() for count in counts), strict=True)
    return {
        "period": period,
        "periods": [{"start": start, "listens": played, "sessions": begun} for start, played, begun in rows],
    }


def by_weekday(listens: Counts) -> list[list[int]]:
    """Listens in each hour of the day (UTC) of each weekday, Monday first, from counts by hour since 1970."""
    from_monday = listens[HOURS_TO_FIRST_MONDAY:]
    whole_weeks = np.pad(from_monday, (0, -len(from_monday) % HOURS_A_WEEK)).reshape(-1, 7, 24)
    return whole_weeks.sum(axis=0).tolist()


def session_lengths(sessions: Counts, top_sessions: Counts) -> list[dict[str, int]]:
    """How many sessions, and how many of the top ones, have 1, 2 to 3, 4 to 7, 8 to 15 … tracks."""
    top = np.pad(top_sessions, (0, len(sessions) - len(top_sessions)))
    counts = zip(sessions.tolist(), top.tolist(), strict=True)
    return [
        {"from_tracks": 2**power, "to_tracks": 2 ** (power + 1) - 1, "sessions": count, "top_sessions": among_top}
        for power, (count, among_top) in enumerate(counts)
    ]


def _none() -> Counts:
    return np.zeros(0, np.int64)


def _added(total: Counts, places: Counts) -> Counts:
    """One more in each of these places, which may be beyond the end."""
    counts = np.bincount(places, minlength=len(total))
    counts[: len(total)] += total
    return counts


def _hours(times: pa.Array) -> Counts:
    """Hours since 1970 of timestamps."""
    return times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy() // MICROSECONDS_AN_HOUR


def _powers_of_two(numbers: Counts) -> Counts:
    return np.log2(numbers).astype(np.int64)


def _by_period(hours: Counts, period: str, first: int, last: int) -> Counts:
    found = np.flatnonzero(hours)
    places = _period_of(found // 24, period) - first
    # A session begins with a listen: it has no other periods than the listens.
    return np.bincount(places, weights=hours[found], minlength=last - first + 1).astype(np.int64)


def _period_of(days: Counts, period: str) -> Counts:
    """Days since 1970 as days, Monday weeks or months since then."""
    if period == "month":
        return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return days if period == "day" else (days + 3) // 7


def _start_of(periods: Counts, period: str) -> NDArray[np.datetime64]:
    if period == "month":
        return periods.astype("datetime64[M]").astype("datetime64[D]")
    return (periods if period == "day" else periods * 7 - 3).astype("datetime64[D]")
