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
    `started_at`, `ended_at`, and `replaced` (array of timestamps): the starts of the sessions that this one takes in.
    """
    there = near.select(log.user, "started_at", "ended_at", F.lit(False).alias("is_new"))
    stretches = there.unionByName(as_intervals(new, user_time(log)).withColumn("is_new", F.lit(True)))
    intervals = (
        number_sessions(stretches, log.user, "started_at", "ended_at", gap)
        .groupBy(log.user, "session_number")
        .agg(
            F.min("started_at").alias("started_at"),
            F.max("ended_at").alias("ended_at"),
            F.collect_list(F.when(~F.col("is_new"), F.col("started_at"))).alias("replaced"),
            F.bool_or("is_new").alias("is_touched"),
        )
    )
    return intervals.where("is_touched").select(log.user, "started_at", "ended_at", "replaced")


def extend_sessions(
    sessions: DataFrame, intervals: DataFrame, events: DataFrame, new: DataFrame, log: LogContract, gap: timedelta
) -> DataFrame:
    """The sessions of all `events`, given those they had before, and the touched `intervals`: few enough to broadcast.

    Most are opened by `new` events and hold no others. Only for those that were there before does this look at the
    intervals, and at what has been there of the events.
    """
    replaced = intervals.select(log.user, F.explode("replaced").alias("started_at"))
    # No two sessions of a user start together.
    untouched = sessions.join(F.broadcast(replaced), on=[log.user, "started_at"], how="left_anti")
    is_opened = F.size("replaced") == 0
    opened, grown = intervals.where(is_opened), intervals.where(~is_opened)
    key, schema = user_time(log), sessions_table(log).schema
    in_grown = events_within(grown, events.where(pushdown_filter(grown, key)), key)
    touched = summarize_sessions(sessionize(events_within(opened, new, key).unionByName(in_grown), log, gap), log)
    return conform(untouched, schema).unionByName(conform(touched, schema))


def near_sessions(sessions: DataFrame, new: DataFrame, log: LogContract, gap: timedelta) -> DataFrame:
    """Of some sessions those that can be within the gap of a new event, by their days. Looks at the new events."""
    days = days_of(as_intervals(new, user_time(log)))
    return sessions.where(days_filter(days, "started_at", "ended_at", gap))
