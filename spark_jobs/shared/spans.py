"""Spans of users' time, such as sessions: which listens lie within some, and where in the lake those can be."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import pairwise
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# More users are not named in a filter: Parquet's looks at one after the other, each deeper in the stack.
MOST_USERS = 200
# More stretches of days are not told apart: these make 4 kB of code, and Java compiles no method of more than 8.
MOST_STRETCHES = 25


def as_spans(listens: DataFrame) -> DataFrame:
    """Listens as spans that end when they start."""
    return listens.select("user_id", *(F.col("listened_at").alias(name) for name in ("started_at", "ended_at")))


def listens_within(spans: DataFrame, listens: DataFrame, *columns: str) -> DataFrame:
    """The listens within some spans (`user_id`, `started_at`, `ended_at`), with these `columns` of their span.

    The spans are few enough to broadcast. A listen is there once for each of those it lies in: at most one of sessions
    that were cut alike.
    """
    by_day = spans.select("user_id", "started_at", "ended_at", *columns, F.explode(_days()).alias("day"))
    within = [
        by_day.user_id == listens.user_id,
        # By day too, for a user may have thousands of sessions, and each listen would be held against all of them.
        by_day.day == F.to_date(listens.listened_at),
        listens.listened_at.between(by_day.started_at, by_day.ended_at),
    ]
    return listens.join(F.broadcast(by_day), on=within, how="inner").select(listens["*"], *columns)


def reach(spans: DataFrame) -> Column:
    """Can a listen lie within one of some spans, by its user and by its day? Looks at the spans.

    A filter for Spark to skip by, with the statistics of files and their pages: it lets others through, too.
    """
    users_of = F.slice(F.collect_set("user_id"), 1, MOST_USERS + 1)
    (users, days) = (
        spans.select("user_id", F.explode(_days()).alias("day")).agg(users_of, F.collect_set("day")).collect()[0]
    )
    on_days = days_reach(days, "listened_at", "listened_at")
    return on_days if len(users) > MOST_USERS else on_days & F.col("user_id").isin(sorted(users))


def days_of(spans: DataFrame) -> list[date]:
    """The days (UTC) that some spans lie in. Looks at the spans."""
    (days,) = spans.select(F.explode(_days()).alias("day")).agg(F.collect_set("day")).collect()[0]
    return days


def days_reach(days: Iterable[date], started_at: str, ended_at: str, margin: timedelta = timedelta(0)) -> Column:
    """Is what lies between two columns (timestamps) within a margin of one of some days?"""
    near = (
        (F.col(ended_at) >= F.lit(_midnight(first) - margin))
        & (F.col(started_at) <= F.lit(_midnight(last + timedelta(days=1)) + margin))
        for first, last in stretches(days)
    )
    return reduce(or_, near, F.lit(False))


def stretches(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in a row as their first and last; the closest of them as one where there would be too many.

    >>> stretches([date(2009, 5, 4), date(2009, 5, 2), date(2009, 5, 1)])
    [(datetime.date(2009, 5, 1), datetime.date(2009, 5, 2)), (datetime.date(2009, 5, 4), datetime.date(2009, 5, 4))]
    """
    in_order = sorted(days)
    pauses = ((after - before, number) for number, (before, after) in enumerate(pairwise(in_order), 1))
    cuts = heapq.nlargest(MOST_STRETCHES - 1, (pause for pause in pauses if pause[0] > timedelta(days=1)))
    edges = [0, *sorted(number for _, number in cuts), len(in_order)]
    return [(in_order[first], in_order[after - 1]) for first, after in pairwise(edges) if in_order]


def _days() -> Column:
    return F.sequence(F.to_date("started_at"), F.to_date("ended_at"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
