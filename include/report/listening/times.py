"""When there were listens and sessions, and how long the sessions are: from the lake's tables, in little memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from include.report.listening.model import NotShown, OverTime, Period, SessionLengths, TopSession
from include.report.scan import RunTables
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS

Counts = NDArray[np.int64]
HOURS_A_WEEK = 168
MICROSECONDS_AN_HOUR = 3_600_000_000
# 1970-01-01 was a Thursday.
HOURS_TO_FIRST_MONDAY = 96
# The longest spans, in days, that are told by the day and by the week; a longer one is told by the month.
BY_DAY, BY_WEEK = 92, 1100
# Parts of all listens: what may lie at either side of the core, and what a stretch beside it must hold to be shown.
OUTSIDE_CORE, WORTH_SHOWING = 0.01, 0.001
# A stretch has this part of the core's length.
STRETCH = 0.1


@dataclass(frozen=True)
class CountedTimes:
    """When there were listens and sessions, and how long the sessions are."""

    over_time: OverTime
    by_weekday: tuple[tuple[int, ...], ...]
    session_lengths: tuple[SessionLengths, ...]


def counted_times(tables: RunTables, top_sessions: tuple[TopSession, ...]) -> CountedTimes:
    """Count the listens and sessions of a run's log in one pass over each."""
    listens, sessions, tracks = _none(), _none(), _none()
    for batch in tables.batches(LISTENS, "listened_at"):
        listens = _added(listens, _hours(batch["listened_at"]))
    for batch in tables.batches(SESSIONS, "started_at", "track_count"):
        sessions = _added(sessions, _hours(batch["started_at"]))
        tracks = _added(tracks, _powers_of_two(batch["track_count"].to_numpy()))
    top = _added(_none(), _powers_of_two(np.array([session.track_count for session in top_sessions], np.int64)))
    return CountedTimes(over_time(listens, sessions), by_weekday(listens), session_lengths(tracks, top))


def over_time(listens: Counts, sessions: Counts) -> OverTime:
    """Listens, and sessions by their start, in each day, week or month of `shown_days`, empty ones too.

    Both are given as counts by hour since 1970 (UTC). A week begins on Monday. `earlier` and `later` say how many lie
    outside, and from when they are; None where all are shown.
    """
    by_day = [_by_day(counted) for counted in (listens, sessions)]
    if not by_day[0].any():
        return OverTime(period="day", periods=(), earlier=None, later=None)
    days = shown_days(by_day[0])
    span = days[1] - days[0]
    period: Literal["day", "week", "month"] = "day" if span < BY_DAY else "week" if span < BY_WEEK else "month"
    first, last = _period_of(days, period)
    starts = _start_of(np.arange(first, last + 2), period)
    counts = [_by_period(counted, period, first, last) for counted in by_day]
    rows = zip(starts[:-1].astype(str).tolist(), *(count.tolist() for count in counts), strict=True)
    begin, end = starts[[0, -1]].astype(np.int64)
    return OverTime(
        period=period,
        periods=tuple(Period(start=start, listens=played, sessions=begun) for start, played, begun in rows),
        earlier=_outside(by_day, slice(0, begin)),
        later=_outside(by_day, slice(end, None)),
    )


def shown_days(listens: Counts) -> Counts:
    """The first and the last day of the range that holds nearly all listens, given as counts by day.

    The core is the log without its first and its last hundredth of the listens. The range is the core, and beside it
    stretches of a tenth of its length, as long as the next one holds a thousandth of all listens or is the last. So at
    least 98 % of the listens are shown, and a few of another time never shrink the rest.
    """
    total, so_far = listens.sum(), np.cumsum(listens)
    first = int(np.searchsorted(so_far, OUTSIDE_CORE * total, side="right"))
    last = int(np.searchsorted(so_far, (1 - OUTSIDE_CORE) * total))
    stretch = max(1, round(STRETCH * (last + 1 - first)))
    worth = WORTH_SHOWING * total
    begin = max(0, first - _days_worth_showing(listens[:first][::-1], stretch, worth))
    end = last + 1 + _days_worth_showing(listens[last + 1 :], stretch, worth)
    return begin + np.flatnonzero(listens[begin:end])[[0, -1]]


def _days_worth_showing(beside: Counts, stretch: int, worth: float) -> int:
    """How many of the days beside the core are shown, given the nearest first."""
    all_days, days = len(np.trim_zeros(beside, "b")), 0
    while days < all_days and (all_days - days <= stretch or beside[days : days + stretch].sum() >= max(1, worth)):
        days += stretch
    return days


def by_weekday(listens: Counts) -> tuple[tuple[int, ...], ...]:
    """Listens in each hour of the day (UTC) of each weekday, Monday first, from counts by hour since 1970."""
    from_monday = listens[HOURS_TO_FIRST_MONDAY:]
    whole_weeks = np.pad(from_monday, (0, -len(from_monday) % HOURS_A_WEEK)).reshape(-1, 7, 24)
    return tuple(tuple(hours) for hours in whole_weeks.sum(axis=0).tolist())


def session_lengths(sessions: Counts, top_sessions: Counts) -> tuple[SessionLengths, ...]:
    """How many sessions, and how many of the top ones, have 1, 2 to 3, 4 to 7, 8 to 15 … tracks."""
    top = np.pad(top_sessions, (0, len(sessions) - len(top_sessions)))
    counts = zip(sessions.tolist(), top.tolist(), strict=True)
    return tuple(
        SessionLengths(from_tracks=2**power, to_tracks=2 ** (power + 1) - 1, sessions=count, top_sessions=among_top)
        for power, (count, among_top) in enumerate(counts)
    )


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


def _by_day(hours: Counts) -> Counts:
    return np.pad(hours, (0, -len(hours) % 24)).reshape(-1, 24).sum(axis=1)


def _by_period(days: Counts, period: str, first: int, last: int) -> Counts:
    found = np.flatnonzero(days)
    places = _period_of(found, period) - first
    is_shown = (places >= 0) & (places <= last - first)
    counts = np.bincount(places[is_shown], weights=days[found[is_shown]], minlength=last - first + 1)
    return counts.astype(np.int64)


def _outside(by_day: list[Counts], days: slice) -> NotShown | None:
    """What is not shown of some days, None if there are no listens: how many, and their first and last day."""
    listens, sessions = by_day
    found = days.start + np.flatnonzero(listens[days])
    if not len(found):
        return None
    first, last = found[[0, -1]].astype("datetime64[D]").astype(str).tolist()
    return NotShown(
        listens=int(listens[days].sum()), sessions=int(sessions[days].sum()), first_day=first, last_day=last
    )


def _period_of(days: Counts, period: str) -> Counts:
    """Days since 1970 as days, Monday weeks or months since then."""
    if period == "month":
        return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return days if period == "day" else (days + 3) // 7


def _start_of(periods: Counts, period: str) -> NDArray[np.datetime64]:
    if period == "month":
        return periods.astype("datetime64[M]").astype("datetime64[D]")
    return (periods if period == "day" else periods * 7 - 3).astype("datetime64[D]")
