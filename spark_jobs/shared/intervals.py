"""Intervals of a user's time, such as sessions: which events lie within them, and a filter for reading those."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import pairwise
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contract import LogContract

# A filter names no more users than this: Parquet's filter nests one level deeper for each.
MOST_USERS = 200
# A filter names no more ranges of days than this: 25 make 4 kB of code, and Java compiles methods up to 8 kB.
MOST_RANGES = 25
# Days before and after are looked for together: Python has no later year than 9999, and Spark hands it days before 1582
# by another calendar.
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)


@dataclass(frozen=True)
class UserTime:
    """The columns of an event that say whose it is and when it was; intervals have the same `user` column."""

    user: str
    time: str


def user_time(log: LogContract) -> UserTime:
    """Return the two columns of a log's events."""
    return UserTime(log.user, log.events.time)


def as_intervals(events: DataFrame, key: UserTime) -> DataFrame:
    """Turn each event into an interval that ends when it starts."""
    return events.select(key.user, *(F.col(key.time).alias(name) for name in ("started_at", "ended_at")))


def events_within(intervals: DataFrame, events: DataFrame, key: UserTime, *columns: str) -> DataFrame:
    """Return the events within `intervals` (the user, `started_at`, `ended_at`), with `columns` of the interval.

    The intervals must be few enough to broadcast. An event comes back once for each interval that it lies in: at most
    once for sessions of one definition.
    """
    by_day = intervals.select(key.user, "started_at", "ended_at", *columns, F.explode(_days()).alias("day"))
    within = [
        by_day[key.user] == events[key.user],
        # By day too: a user may have thousands of sessions, and Spark would compare each event with all of them.
        by_day.day == F.to_date(events[key.time]),
        events[key.time].between(by_day.started_at, by_day.ended_at),
    ]
    return events.join(F.broadcast(by_day), on=within, how="inner").select(events["*"], *columns)


def pushdown_filter(intervals: DataFrame, key: UserTime) -> Column:
    """Say which events can lie within `intervals`, by their user and their day. Runs Spark over the intervals.

    Spark pushes this filter down to the statistics of files and pages, to skip them. It lets others through, too.
    """
    users_of = F.slice(F.collect_set(key.user), 1, MOST_USERS + 1)
    (users, days) = (
        intervals.select(key.user, F.explode(_days()).alias("day")).agg(users_of, _set_of_days()).collect()[0]
    )
    on_days = days_filter(days, key.time, key.time)
    return on_days if len(users) > MOST_USERS else on_days & F.col(key.user).isin(sorted(users))


def days_of(intervals: DataFrame) -> list[date]:
    """Return the days (UTC) that the intervals lie in. Runs Spark over the intervals."""
    (days,) = intervals.select(F.explode(_days()).alias("day")).agg(_set_of_days()).collect()[0]
    return days


def days_filter(days: Iterable[date], started_at: str, ended_at: str, margin: timedelta = timedelta(0)) -> Column:
    """Say whether the time between two columns (timestamps) comes within `margin` of one of the days."""
    near = (
        ((F.col(ended_at) >= F.lit(_midnight(first) - margin)) | F.lit(first <= _FIRST_DAY))
        & ((F.col(started_at) <= F.lit(_midnight(last + timedelta(days=1)) + margin)) | F.lit(last >= _LAST_DAY))
        for first, last in day_ranges(days)
    )
    return reduce(or_, near, F.lit(False))


def day_ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return days in a row as (first, last); join the closest ranges until at most `MOST_RANGES` are left.

    >>> day_ranges([date(2009, 5, 4), date(2009, 5, 2), date(2009, 5, 1)])
    [(datetime.date(2009, 5, 1), datetime.date(2009, 5, 2)), (datetime.date(2009, 5, 4), datetime.date(2009, 5, 4))]
    """
    in_order = sorted(days)
    pauses = ((after - before, number) for number, (before, after) in enumerate(pairwise(in_order), 1))
    cuts = heapq.nlargest(MOST_RANGES - 1, (pause for pause in pauses if pause[0] > timedelta(days=1)))
    edges = [0, *sorted(number for _, number in cuts), len(in_order)]
    return [(in_order[first], in_order[after - 1]) for first, after in pairwise(edges) if in_order]


def _days() -> Column:
    return F.sequence(F.to_date("started_at"), F.to_date("ended_at"))


def _set_of_days() -> Column:
    return F.collect_set(F.least(F.greatest("day", F.lit(_FIRST_DAY)), F.lit(_LAST_DAY)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
