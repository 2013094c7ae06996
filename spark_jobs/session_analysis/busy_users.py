"""Very busy users: their time is cut at pauses into pieces, each a task of its own.

A task reads a bucket, and all events of a user lie in one. Within it they lie in the order of user and time: a piece of
a user's time is read without the rest. No session lies in two pieces, so nothing has to be put together again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import and_
from statistics import median

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.contract import LogContract
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.session_gap import number_sessions

# A task of no more events takes a second: nobody waits for it, however few the others have.
FEW_EVENTS = 250_000
# A task may have so many times the events of the median one.
MOST_TIMES = 2


@dataclass(frozen=True)
class Piece:
    """A user's time between two moments (microseconds), the last one not included; None is no limit.

    Both are where a session starts. `number` counts a user's pieces from 0.
    """

    user: str
    number: int
    since: int | None
    before: int | None


def events_of_a_task(buckets: Sequence[int]) -> int | None:
    """Return how many events a task should have, given those of each bucket; None where no bucket has many more.

    >>> events_of_a_task([1_000_000, 1_100_000, 900_000])
    >>> events_of_a_task([300_000, 300_000, 2_300_000])
    300000
    """
    usual = max(FEW_EVENTS, int(median(buckets or [0])))
    return usual if max(buckets, default=0) > MOST_TIMES * usual else None


def find_pieces(events: DataFrame, log: LogContract, gap: timedelta, of_a_task: int) -> list[Piece]:
    """Cut the time of each very busy user into pieces of about so many events, by user and time. Runs Spark.

    Only a session of more events makes a larger piece.
    """
    user = log.user
    counts = events.groupBy(user).count().where(F.col("count") > of_a_task // 2)
    busy = [row[user] for row in counts.collect()]
    sessions = _sessions_of(events.where(F.col(user).isin(busy)), log, gap)
    before = W.partitionBy(user).orderBy("started_at").rowsBetween(W.unboundedPreceding, -1)
    so_far = F.coalesce(F.sum("events").over(before), F.lit(0))
    pieces = sessions.withColumn("piece", F.call_function("div", so_far, F.lit(of_a_task)))
    starts = pieces.groupBy(user, "piece").agg(F.unix_micros(F.min("started_at")).alias("since"))
    by_user: dict[str, list[int]] = {name: [] for name in sorted(busy)}
    for row in starts.orderBy(user, "since").collect():
        by_user[row[user]].append(row.since)
    return [piece for name, since in by_user.items() for piece in _pieces(name, since)]


def sessions_in_pieces(events: DataFrame, pieces: Sequence[Piece], log: LogContract, gap: timedelta) -> DataFrame:
    """Return the sessions of all events, as `summarize_sessions` does; `session_number` is 1 for a user's first."""
    others = events.where(reduce(and_, (_is_other(log.user, name) for name in sorted({one.user for one in pieces}))))
    parts = [summarize_sessions(sessionize(others, log, gap), log)]
    for piece in pieces:
        next_at = "next_at" if piece.before is not None and log.sessions.lasts else ""
        own = events.where(_is_in(piece, log))
        if next_at:
            own = own.withColumn(next_at, _moment(piece.before))
        numbered = sessionize(own, log, gap, next_at)
        # In each piece numbers begin anew.
        later = numbered.withColumn("session_number", F.col("session_number") + piece.number)
        parts.append(summarize_sessions(later, log))
    return reduce(DataFrame.unionByName, parts)


def _sessions_of(events: DataFrame, log: LogContract, gap: timedelta) -> DataFrame:
    """Return the `started_at` of each session and its `events`: few rows a user, however many events there are."""
    # Between two events of one slot there is no pause, so a slot is an interval of use.
    slot = F.call_function("div", F.unix_micros(log.events.time), F.lit(gap // timedelta(microseconds=1)))
    slots = events.groupBy(log.user, slot.alias("slot")).agg(
        F.min(log.events.time).alias("started_at"),
        F.max(log.events.time).alias("ended_at"),
        F.count(F.lit(1)).alias("events"),
    )
    numbered = number_sessions(slots, log.user, "started_at", "ended_at", gap)
    of_session = [F.min("started_at").alias("started_at"), F.sum("events").alias("events")]
    return numbered.groupBy(log.user, "session_number").agg(*of_session)


def _pieces(user: str, since: Sequence[int]) -> list[Piece]:
    edges = [None, *since[1:], None]
    return [Piece(user, number, edges[number], edges[number + 1]) for number in range(len(since))]


def _is_other(column: str, user: str) -> Column:
    # Not `!=`, for which Parquet skips no group of rows.
    return (F.col(column) < user) | (F.col(column) > user)


def _is_in(piece: Piece, log: LogContract) -> Column:
    time = F.col(log.events.time)
    limits = [time >= _moment(piece.since)] if piece.since is not None else []
    limits += [time < _moment(piece.before)] if piece.before is not None else []
    return reduce(and_, limits, F.col(log.user) == piece.user)


def _moment(micros: int | None) -> Column:
    # Not a Python datetime, which Spark would take into the zone of the machine and back.
    return F.timestamp_micros(F.lit(micros).cast("long"))
