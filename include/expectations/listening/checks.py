"""What the checks of listens look at beside what those of every log do: their ids, their volume, how people listen."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from include.deployment.settings import settings
from include.expectations.any_log import checks as any_log
from include.expectations.listening import suites
from include.expectations.previous import published_record, published_sessions, to_compare
from include.expectations.table import Snapshots, Table, counts_table
from include.runs.records import previous_run_date
from spark_jobs.lake.tries import read
from spark_jobs.logs.listening.tables import SESSIONS
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.ranking.tables import TOP_SESSIONS, TOP_SONGS
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord


def listens(
    spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots, minimum_quality_score: str
) -> list[Table]:
    """Return the listens, what the job that made them counted, and how that compares with the run date before."""
    quality, kept = any_log.events(spark, lake, run_date, snapshots, minimum_quality_score)
    judged, previous = read_record_of(lake, DataQualityRecord, run_date, snapshots), previous_run_date(lake, run_date)
    limits = settings().listening
    volume = volume_counts(judged, lake, run_date, previous)
    compared = previous if "listens_percent_of_previous" in volume else None
    return [
        quality.having(*suites.missing_ids(limits), **missing_percents(judged)),
        counts_table(volume, suites.volume(compared, limits)),
        kept.having(*suites.name_lengths(limits)),
    ]


def sessions(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the sessions, and how long and fast they are; which users of the run date before have none."""
    limits, previous = settings().listening, previous_run_date(lake, run_date)
    table, shape = any_log.sessions(spark, lake, run_date, snapshots, measured())
    made = read(spark, lake.log, SESSIONS, snapshots[SESSIONS.name])
    if read_record_of(lake, DataQualityRecord, run_date, snapshots).log.events:
        shape = shape.having(*suites.length_and_speed(limits))
    gone = to_compare(lambda before: users_gone_percent(published_sessions(spark, lake, before), made), previous)
    if previous and gone is not None:
        shape = shape.having(suites.users_gone(previous, limits), users_gone_percent=gone)
    return [table.having(suites.user_ids(limits)), shape]


def top_songs(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the answer, and what its reader should know of it."""
    record = read_record_of(lake, RankingRecord, run_date, snapshots)
    answer = read(spark, lake.log, TOP_SONGS, snapshots[TOP_SONGS.name])
    longest = read(spark, lake.log, TOP_SESSIONS, snapshots[TOP_SESSIONS.name])
    counts = answer_counts(longest.toPandas(), answer.toPandas())
    judged = read_record_of(lake, DataQualityRecord, run_date, snapshots)
    suite = suites.top_songs(
        record.top_songs, record.parameters.window_days, not judged.log.events, judged.is_day_without
    )
    return [Table(answer, suite), counts_table(counts, suites.order_and_flags())]


def missing_percents(judged: DataQualityRecord) -> dict[str, float]:
    """Return how many of the accepted listens have no MusicBrainz id, in percent."""
    accepted = judged.counts.events_accepted
    return {
        f"missing_{name}_percent": 100 * (judged.warnings[f"missing_{name}"] / accepted if accepted else 0)
        for name in ("artist_id", "track_id")
    }


def volume_counts(judged: DataQualityRecord, lake: Lake, run_date: date, previous: date | None) -> dict[str, float]:
    """Return how old the newest listen is at the end of the run date (days), and how many percent the listens are.

    That is of those of the previous run date. A log that begins with a day without listens is as old as that day. One
    such day is compared with no other.
    """
    end, newest = datetime.combine(run_date + timedelta(days=1), time(), UTC), judged.log.last_event_at
    age = (end - newest) / timedelta(days=1) if newest else float("inf")
    if not newest and judged.is_day_without and not judged.base:
        age = 1.0
    before = to_compare(lambda day: published_record(lake, day), previous)
    # What a day adds is nothing to hold against a whole log, nor against a day that added nothing.
    is_like = before and before.counts.events_accepted and before.parameters.load == judged.parameters.load
    if not before or not is_like or judged.is_day_without:
        return {"newest_listen_age_days": age}
    percent = 100 * judged.counts.events_accepted / before.counts.events_accepted
    return {"newest_listen_age_days": age, "listens_percent_of_previous": percent}


def measured() -> dict[str, Column]:
    """Return length and speed of sessions: means, quantiles (to 1 %), the percentage of implausible ones.

    A session's speed is its tracks by its minutes; one that lasts less than a minute counts as one minute.
    """
    minutes = F.col("duration_seconds") / 60
    speed = F.col("track_count") / F.greatest(minutes, F.lit(1))
    return {
        "mean_tracks": F.mean("track_count"),
        "median_minutes": F.percentile_approx(minutes, 0.5, F.lit(100)),
        "p99_tracks_per_minute": F.percentile_approx(speed, 0.99, F.lit(1000)),
        "implausible_percent": 100 * F.mean(F.col("is_implausible").cast("int")),
    }


def answer_counts(top_sessions: pd.DataFrame, top_songs: pd.DataFrame) -> dict[str, float]:
    """Return how many songs stand below one that was played less, and how many songs and sessions need a second look.

    Those are the top sessions that are implausible, and the top songs that one session or one listener made.
    """
    plays = top_songs.sort_values("rank")["play_count"]
    return {
        "plays_above_those_of_the_rank_before": int((plays.diff() > 0).sum()),
        "implausible_top_sessions": int(top_sessions["is_implausible"].sum()),
        "songs_of_one_session": int((top_songs["session_count"] == 1).sum()),
        "songs_of_one_listener": int((top_songs["listener_count"] == 1).sum()),
    }


def users_gone_percent(before: DataFrame, now: DataFrame) -> float:
    """Return how many of the users of some sessions have none among others, in percent. Runs Spark."""
    users, still_there = (sessions.select("user_id").distinct() for sessions in (before, now))
    # The key is unique on both sides.
    found = users.join(still_there.withColumn("is_there", F.lit(True)), on="user_id", how="left")
    (row,) = found.agg(F.count(F.lit(1)).alias("users"), F.count_if(F.col("is_there").isNull()).alias("gone")).collect()
    return 100 * row.gone / max(1, row.users)
