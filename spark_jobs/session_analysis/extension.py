"""Sessions of a log that has grown, from those it had: only what is near a new event is worked out again.

A new event opens a session, makes one longer, or joins some, and never cuts one. So it touches the sessions within the
gap of it. Where events last, it also ends the last event of the session before it: that session is worked out, too.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.contract import LogContract
from spark_jobs.fields import Integer
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.intervals import (
    as_intervals,
    days_filter,
    days_of,
    events_within,
    pushdown_filter,
    user_time,
)
from spark_jobs.shared.log_tables import last_event, sessions_table
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.session_gap import number_sessions


def touched_intervals(near: DataFrame, new: DataFrame, log: LogContract, gap: timedelta) -> DataFrame:
    """The intervals of the sessions that new events make, with what was there: one row each.

    `near` are sessions of the log as it was, at least all that `near_sessions` finds. Returns the user, `started_at`
    and `ended_at`, the starts of its first and its last event, and of the sessions that this one takes in `replaced`
    (array of timestamps), their starts, and how many events (`replaced_events`, long) and implausible sessions
    (`replaced_implausible`, long) they are. Where events last, also `next_at` (timestamp), up to which the last event
    may last, and `is_shortened`: the session has no new event, but a new one ends its last event.
    """
    lasts = bool(log.sessions.lasts)
    is_implausible = F.col("is_implausible") if log.sessions.implausible else F.lit(False)
    there = near.select(
        log.user,
        "started_at",
        F.col(last_event(log)).alias("ended_at") if lasts else "ended_at",
        *([F.col("ended_at").alias("next_at")] if lasts else []),
        F.lit(False).alias("is_new"),
        F.col(log.sessions.events).alias("events"),
        is_implausible.alias("is_implausible"),
    )
    arrived = as_intervals(new, user_time(log)).withColumns(
        {"is_new": F.lit(True), "events": F.lit(0).cast("long"), "is_implausible": F.lit(False)}
    )
    if lasts:
        arrived = arrived.withColumn("next_at", F.lit(None).cast("timestamp"))
    intervals = (
        number_sessions(there.unionByName(arrived), log.user, "started_at", "ended_at", gap)
        .groupBy(log.user, "session_number")
        .agg(
            F.min("started_at").alias("started_at"),
            F.max("ended_at").alias("ended_at"),
            F.collect_list(F.when(~F.col("is_new"), F.col("started_at"))).alias("replaced"),
            F.sum("events").alias("replaced_events"),
            F.count_if("is_implausible").alias("replaced_implausible"),
            F.bool_or("is_new").alias("is_touched"),
            # The last event of a session that was there ends where it did, at the latest; a new one anywhere.
            *([F.max_by("next_at", F.struct("ended_at", "is_new")).alias("next_at")] if lasts else []),
        )
    )
    if lasts:
        intervals = _find_shortened(intervals, log.user)
    return intervals.where("is_touched").drop("session_number", "is_touched")


def _find_shortened(intervals: DataFrame, user: str) -> DataFrame:
    """Say of which intervals a later one now ends the last event, and limit `next_at` to where a later one starts."""
    next_starts = F.lead("started_at").over(W.partitionBy(user).orderBy("started_at"))
    is_shortened = ~F.col("is_touched") & F.coalesce(next_starts < F.col("next_at"), F.lit(False))
    return intervals.withColumns(
        {
            "is_touched": F.col("is_touched") | is_shortened,
            "is_shortened": is_shortened,
            "next_at": F.least("next_at", next_starts),
        }
    )


def replaced_sessions(intervals: DataFrame, log: LogContract) -> DataFrame:
    """The user and start of the sessions that are no more, now that these `intervals` are sessions."""
    # No two sessions of a user start together.
    return intervals.select(log.user, F.explode("replaced").alias("started_at"))


def touched_sessions(
    intervals: DataFrame, events: DataFrame, new: DataFrame, log: LogContract, gap: timedelta
) -> DataFrame:
    """The sessions that new events make, given their touched `intervals`: few enough to broadcast.

    Most are opened by `new` events and hold no others. Only for those that were there before does this look at the
    intervals, and at what has been there of the `events`.
    """
    is_opened = F.size("replaced") == 0
    opened, grown = intervals.where(is_opened), intervals.where(~is_opened)
    key = user_time(log)
    next_at = "next_at" if log.sessions.lasts else ""
    columns = [next_at] if next_at else []
    in_grown = events_within(grown, events.where(pushdown_filter(grown, key)), key, *columns)
    of_touched = events_within(opened, new, key, *columns).unionByName(in_grown)
    return conform(summarize_sessions(sessionize(of_touched, log, gap, next_at), log), sessions_table(log).schema)


def near_sessions(sessions: DataFrame, new: DataFrame, log: LogContract, gap: timedelta) -> DataFrame:
    """Of some sessions those that can be within the gap of a new event, by their days. Looks at the new events.

    Where events last, also those that a new event can end, or that can end a new event.
    """
    days = days_of(as_intervals(new, user_time(log)))
    return sessions.where(days_filter(days, "started_at", "ended_at", max(gap, _longest_event(log))))


def _longest_event(log: LogContract) -> timedelta:
    """Return how long an event can last, by the contract."""
    lasts = next((one.type for one in log.events.fields if one.column == log.sessions.lasts), None)
    return timedelta(milliseconds=lasts.highest) if isinstance(lasts, Integer) else timedelta(0)
