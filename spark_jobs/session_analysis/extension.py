"""Sessions of a log that has grown, from those it had: only what is near a new listen is worked out again."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.schemas import SESSIONS, conform
from spark_jobs.shared.session_gap import number_sessions
from spark_jobs.shared.spans import listens_within


def extend_sessions(sessions: DataFrame, new: DataFrame, listens: DataFrame, gap: timedelta) -> DataFrame:
    """The sessions of all `listens`, given the `sessions` they had before the `new` ones among them came.

    A new listen opens a session, or extends or joins sessions, and never cuts one: so what it touches is a span of
    time, and sessions in no such span are as they were.
    """
    spans = touched_spans(sessions, new, gap)
    untouched = sessions.join(F.broadcast(spans), on=_begins_within(sessions, spans), how="left_anti")
    touched = summarize_sessions(sessionize(listens_within(spans, listens), gap))
    return conform(untouched, SESSIONS).unionByName(conform(touched, SESSIONS))


def touched_spans(sessions: DataFrame, new: DataFrame, gap: timedelta) -> DataFrame:
    """The spans (`user_id`, `started_at`, `ended_at`) of the sessions that new listens make with what was there."""
    users = F.broadcast(new.select("user_id").distinct())
    near = sessions.join(users, on="user_id", how="left_semi").select("user_id", "started_at", "ended_at")
    times = [F.col("listened_at").alias(name) for name in ("started_at", "ended_at")]
    stretches = near.withColumn("is_new", F.lit(False)).unionByName(
        new.select("user_id", *times, F.lit(True).alias("is_new"))
    )
    numbered = number_sessions(stretches, "started_at", "ended_at", gap)
    spans = numbered.groupBy("user_id", "session_number").agg(
        F.min("started_at").alias("started_at"),
        F.max("ended_at").alias("ended_at"),
        F.bool_or("is_new").alias("is_touched"),
    )
    return spans.where("is_touched").select("user_id", "started_at", "ended_at")


def _begins_within(sessions: DataFrame, spans: DataFrame) -> list:
    return [sessions.user_id == spans.user_id, sessions.started_at.between(spans.started_at, spans.ended_at)]
