"""Sessions of a log that has grown, from those it had: only what is near a new event is worked out again.

A new event opens a session, makes one longer, or joins some, and never cuts one. So it touches the sessions within the
gap of it, and no others.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.contract import LogContract
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.intervals import (
    as_intervals,
    days_filter,
    days_of,
    events_within,
    pushdown_filter,
    user_time,
)
from spark_jobs.shared.log_tables import sessions_table
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.session_gap import number_sessions


def touched_intervals(near: DataFrame, new: DataFrame, log: LogContract, gap: timedelta) -> DataFrame:
    """The intervals of the sessions that new events make, with what was there: one row each.

    `near` are sessions of the log as it was, at least all that are within the gap of a new event. Returns the user,
    `started_at`, `ended_at`, and of the sessions that this one takes in `replaced` (array of timestamps), their starts,
    and how many events (`replaced_events`, long) and implausible sessions (`replaced_implausible`, long) they are.
    """
    is_implausible = F.col("is_implausible") if log.sessions.implausible else F.lit(False)
    there = near.select(
        log.user,
        "started_at",
        "ended_at",
        F.lit(False).alias("is_new"),
        F.col(log.sessions.events).alias("events"),
        is_implausible.alias("is_implausible"),
    )
    arrived = as_intervals(new, user_time(log)).withColumns(
        {"is_new": F.lit(True), "events": F.lit(0).cast("long"), "is_implausible": F.lit(False)}
    )
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
        )
    )
    return intervals.where("is_touched").drop("session_number", "is_touched")


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
    in_grown = events_within(grown, events.where(pushdown_filter(grown, key)), key)
    of_touched = events_within(opened, new, key).unionByName(in_grown)
    return conform(summarize_sessions(sessionize(of_touched, log, gap), log), sessions_table(log).schema)


def near_sessions(sessions: DataFrame, new: DataFrame, log: LogContract, gap: timedelta) -> DataFrame:
    """Of some sessions those that can be within the gap of a new event, by their days. Looks at the new events."""
    days = days_of(as_intervals(new, user_time(log)))
    return sessions.where(days_filter(days, "started_at", "ended_at", gap))
