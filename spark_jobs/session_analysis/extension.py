"""Sessions of a log that has grown, from those it had: only what is near a new listen is worked out again.

A new listen opens a session, makes one longer, or joins some, and never cuts one. So it touches the sessions within the
gap of it, and no others.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.intervals import as_intervals, days_filter, days_of, listens_within, pushdown_filter
from spark_jobs.shared.schemas import SESSIONS, conform
from spark_jobs.shared.session_gap import number_sessions


def touched_intervals(near: DataFrame, new: DataFrame, gap: timedelta) -> DataFrame:
    """The intervals of the sessions that new listens make, with what was there: one row each.

    `near` are sessions of the log as it was, at least all that are within the gap of a new listen. Returns `user_id`,
    `started_at`, `ended_at`, and `replaced` (array of timestamps): the starts of the sessions that this one takes in.
    """
    there = near.select("user_id", "started_at", "ended_at", F.lit(False).alias("is_new"))
    stretches = there.unionByName(as_intervals(new).withColumn("is_new", F.lit(True)))
    intervals = (
        number_sessions(stretches, "started_at", "ended_at", gap)
        .groupBy("user_id", "session_number")
        .agg(
            F.min("started_at").alias("started_at"),
            F.max("ended_at").alias("ended_at"),
            F.collect_list(F.when(~F.col("is_new"), F.col("started_at"))).alias("replaced"),
            F.bool_or("is_new").alias("is_touched"),
        )
    )
    return intervals.where("is_touched").select("user_id", "started_at", "ended_at", "replaced")


def extend_sessions(
    sessions: DataFrame, intervals: DataFrame, listens: DataFrame, new: DataFrame, gap: timedelta
) -> DataFrame:
    """The sessions of all `listens`, given those they had before, and the touched `intervals`: few enough to broadcast.

    Most are opened by `new` listens and hold no others. Only for those that were there before does this look at the
    intervals, and at what has been there of the listens.
    """
    replaced = intervals.select("user_id", F.explode("replaced").alias("started_at"))
    # No two sessions of a user start together.
    untouched = sessions.join(F.broadcast(replaced), on=["user_id", "started_at"], how="left_anti")
    is_opened = F.size("replaced") == 0
    opened, grown = intervals.where(is_opened), intervals.where(~is_opened)
    heard = listens_within(opened, new).unionByName(listens_within(grown, listens.where(pushdown_filter(grown))))
    touched = summarize_sessions(sessionize(heard, gap))
    return conform(untouched, SESSIONS).unionByName(conform(touched, SESSIONS))


def near_sessions(sessions: DataFrame, new: DataFrame, gap: timedelta) -> DataFrame:
    """Of some sessions those that can be within the gap of a new listen, by their days. Looks at the new listens."""
    return sessions.where(days_filter(days_of(as_intervals(new)), "started_at", "ended_at", gap))
