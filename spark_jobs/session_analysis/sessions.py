"""What a session is: a user's events in time order, with no pause longer than the gap between two of them."""

from __future__ import annotations

import operator
from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.contract import Implausible, LogContract
from spark_jobs.shared.event_order import order_of, places
from spark_jobs.shared.log_tables import last_event, value_counts
from spark_jobs.shared.session_gap import microseconds_between, number_sessions

# The column of an event with its place in a session: the least is the first event's.
_FIRST = "first_event"
# The column of an event, and of a session, that says when it ends (microseconds); null where nothing says so.
_END = "end_micros"
# The column of a session with its active time (microseconds).
_ACTIVE = "active_micros"
_SECOND, _MILLISECOND = 1_000_000, 1_000


def sessionize(events: DataFrame, log: LogContract, gap: timedelta, next_at: str = "") -> DataFrame:
    """Give events their `session_number` (long, a user's sessions counted from 1).

    A pause longer than `gap` opens a session; exactly the gap stays in. Only the user and the time are looked at, so
    midnight and time zones change nothing. Beside these three columns comes what sessions count: for each distinct
    count a hash of its columns (long, named as the count), `Sessions.each`, what tells its first event (struct), and
    where events last the end of each (long, microseconds). The windows hold all rows of a user. Where events are not
    all of a user, `next_at` names their column with a time up to which they last at most; null is no limit.
    """
    hashes = [_hash(log, columns).alias(name) for name, columns in log.sessions.distinct]
    each = [log.sessions.each] if log.sessions.each else []
    place = F.struct(log.events.time, *order_of(log.events), *log.sessions.first)
    first = [place.alias(_FIRST)] if log.sessions.first else []
    end = [_end(log, next_at).alias(_END)] if log.sessions.lasts else []
    counted = events.select(log.user, log.events.time, *hashes, *each, *first, *end)
    return number_sessions(counted, log.user, log.events.time, log.events.time, gap)


def summarize_sessions(numbered: DataFrame, log: LogContract) -> DataFrame:
    """Return one row a session of `sessionize`'s events, as `sessions_table` has it; `session_number` stays.

    Different values are told apart by a hash of 64 bits: two of one session would share theirs once in a million
    million sessions as long as the longest of LastFM-1K (5,360 tracks).
    """
    # They are in this order; told so, Spark sums up one session after the other and not all of a bucket in memory.
    in_order = numbered.sortWithinPartitions(log.user, "session_number")
    per_session = in_order.groupBy(log.user, "session_number").agg(
        F.min(log.events.time).alias("started_at"),
        F.max(log.events.time).alias(last_event(log)),
        F.count(F.lit(1)).alias(log.sessions.events),
        *(_distinct(name) for name, _ in log.sessions.distinct),
        *(F.count_if(F.col(log.sessions.each) == value).alias(name) for name, value in value_counts(log).items()),
        *([F.min(_FIRST).alias(_FIRST)] if log.sessions.first else []),
        *(_lasting(log) if log.sessions.lasts else []),
    )
    with_duration = per_session.withColumns(
        {
            "session_id": session_id(F.col(log.user), F.col("started_at")),
            **(_ends(log) if log.sessions.lasts else _starts_only()),
            **{name: F.col(_FIRST)[name] for name in log.sessions.first},
        }
    )
    limits = log.sessions.implausible
    if limits is None:
        return with_duration
    seconds = F.col("duration_seconds")
    known = F.coalesce(seconds, F.lit(0.0)) if log.sessions.lasts else seconds
    return with_duration.withColumn("is_implausible", is_implausible(F.col(log.sessions.events), known, limits))


def is_implausible(events: Column, duration_seconds: Column, limits: Implausible) -> Column:
    """Say whether so many events in so many seconds are more, or longer, than the limits allow."""
    too_fast = events * 60 > duration_seconds * limits.events_per_minute
    too_long = duration_seconds > int(limits.longest.total_seconds())
    return ((events >= limits.over_at_least) & too_fast) | too_long


def session_id(user: Column, started_at: Column) -> Column:
    """Name a session by its user and start, so that it keeps its name when other data arrives.

    The start has a fixed length, so no two users' sessions can share a name; a gap is a second or more, so no two
    sessions of a user start in one second.
    """
    return F.concat(user, F.lit("-"), F.date_format(started_at, "yyyyMMdd'T'HHmmss'Z'"))


def _end(log: LogContract, next_at: str) -> Column:
    """Return when an event ends: after its milliseconds, or where the user's next one starts; null without them."""
    time, lasts, order = log.events.time, log.sessions.lasts, log.events.order
    # Of events at one time, all but the last end at once. Past what they last, their order changes no end.
    deciding = order[: order.index(lasts) + 1] if lasts in order else order
    by_user = W.partitionBy(log.user).orderBy(time, *places(log.events, deciding))
    own = F.unix_micros(time) + F.col(lasts).cast("long") * _MILLISECOND
    limits = [F.lead(time).over(by_user), *([F.col(next_at)] if next_at else [])]
    return F.when(own.isNotNull(), F.least(own, *map(F.unix_micros, limits)))


def _lasting(log: LogContract) -> list[Column]:
    """Return what a session's end and active time are made of."""
    active = F.sum(F.col(_END) - F.unix_micros(log.events.time))
    return [F.max(_END).alias(_END), F.coalesce(active, F.lit(0)).alias(_ACTIVE)]


def _ends(log: LogContract) -> dict[str, Column]:
    """Return the end, the duration and the active time of a session of events that last."""
    end = F.greatest(F.unix_micros(last_event(log)), F.col(_END))
    is_known = (F.col(log.sessions.events) > 1) | F.col(_END).isNotNull()
    return {
        "ended_at": F.timestamp_micros(end),
        "duration_seconds": F.when(is_known, (end - F.unix_micros("started_at")) / _SECOND),
        "active_seconds": F.col(_ACTIVE) / _SECOND,
    }


def _starts_only() -> dict[str, Column]:
    """Return the duration of a session of events that have no duration themselves."""
    return {"duration_seconds": duration_seconds(F.col("started_at"), F.col("ended_at"))}


def duration_seconds(started_at: Column, ended_at: Column) -> Column:
    """Return the whole seconds that a session lasts (long)."""
    return F.call_function("div", microseconds_between(started_at, ended_at), F.lit(1_000_000))


def _hash(log: LogContract, columns: tuple[str, ...]) -> Column:
    """Return one number for the values of an event's columns; null where all are null."""
    hashed = F.xxhash64(*columns)
    if set(columns) & set(log.events.always_known):
        return hashed
    # The hash of nulls is a number.
    return F.when(reduce(operator.or_, (F.col(column).isNotNull() for column in columns)), hashed)


def _distinct(name: str) -> Column:
    # Lists leave nulls out. count_distinct would sort all events once more: it takes three times as long.
    return F.size(F.array_distinct(F.collect_list(name))).cast("long").alias(name)
