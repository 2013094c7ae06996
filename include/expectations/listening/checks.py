"""Which tables each checkpoint looks at, and the suite each of them must meet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

import pandas as pd
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from include.deployment.settings import settings
from include.expectations.listening import suites
from include.runs.records import previous_run_date
from spark_jobs.lake.published import Published, published
from spark_jobs.lake.tables import Table as LakeTable
from spark_jobs.lake.tries import read
from spark_jobs.logs.listening import contract
from spark_jobs.logs.listening.tables import LISTENS, REJECTED_RECORDS, SESSIONS
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.ranking.tables import TOP_SESSIONS, TOP_SONGS
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_publication, read_record_of
from spark_jobs.shared.failures import explain
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import read_new_events
from spark_jobs.shared.records import DataQualityRecord

log = logging.getLogger(__name__)
T = TypeVar("T")
# The snapshots that a run has made so far, by table.
Snapshots = Mapping[str, int]


@dataclass(frozen=True)
class Table:
    """A table of the lake, or one row of figures about it, and what must hold for it; named as its suite is."""

    rows: DataFrame | pd.DataFrame
    suite: ExpectationSuite


def listens(
    spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots, minimum_quality_score: str
) -> list[Table]:
    """The listens themselves, and what the job that made them counted, also against the run before."""
    record, previous = read_record_of(lake, DataQualityRecord, run_date, snapshots), previous_run_date(lake, run_date)
    limits, counts = settings().listening, record.counts
    # Those that they were added to were checked when they came.
    kept = read_new_events(spark, lake, run_date, snapshots[LISTENS.name])
    is_daily = record.parameters.load == loads.DAILY
    volume = volume_figures(record, lake, run_date, previous)
    figures = {
        **quality_figures(record),
        "repeated_listens": repeated_listens(kept).count(),
        "listens_in_table": _rows_in_table(lake, LISTENS, snapshots),
        "rejected_in_table": _rows_in_table(lake, REJECTED_RECORDS, snapshots),
    }
    # The score first: what comes of a check is told in this order, and cut where there is no room.
    return [
        _figures(
            figures,
            suites.data_quality(float(minimum_quality_score), counts, record.log.events, limits, may_be_empty=is_daily),
        ),
        _figures(volume, suites.volume(previous if "listens_percent_of_previous" in volume else None, limits)),
        Table(kept, suites.listens(run_date, counts.events_accepted, limits)),
    ]


def sessions(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """The sessions, against the number of listens they were cut from, and their shape."""
    limits, previous = settings().listening, previous_run_date(lake, run_date)
    listens = read_record_of(lake, DataQualityRecord, run_date, snapshots).log.events
    made = read(spark, lake.log, SESSIONS, snapshots[SESSIONS.name])
    figures = {**session_figures(made), "repeated_session_ids": repeated_session_ids(made)}
    gone = _to_compare(lambda before: users_gone_percent(_sessions_of(spark, lake, before), made), previous)
    if gone is not None:
        figures["users_gone_percent"] = gone
    shape = suites.session_shape(None if gone is None else previous, limits, no_sessions=not listens)
    return [Table(made, suites.sessions(listens, limits)), _figures(figures, shape)]


def top_songs(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """The answer, and what its reader should know of it."""
    record = read_record_of(lake, RankingRecord, run_date, snapshots)
    answer = read(spark, lake.log, TOP_SONGS, snapshots[TOP_SONGS.name])
    longest = read(spark, lake.log, TOP_SESSIONS, snapshots[TOP_SESSIONS.name])
    figures = answer_figures(longest.toPandas(), answer.toPandas())
    judged = read_record_of(lake, DataQualityRecord, run_date, snapshots)
    window_days, no_listens = record.parameters.window_days, not judged.log.events
    suite = suites.top_songs(record.top_songs, window_days, no_listens, is_day_without(judged))
    return [Table(answer, suite), _figures(figures, suites.order_and_flags())]


def quality_figures(record: DataQualityRecord) -> dict[str, float]:
    """What data_quality's record says of its lines; shares in percent of the listens kept."""
    kept = record.counts.events_accepted
    missing = {
        f"missing_{name}_percent": 100 * (record.warnings[f"missing_{name}"] / kept if kept else 0)
        for name in ("artist_id", "track_id")
    }
    return {
        "quality_score": record.quality_score,
        "listens_kept": kept,
        "lines_rejected": record.counts.records_rejected,
        **missing,
    }


def repeated_listens(kept: DataFrame) -> DataFrame:
    """The listens that are there more than once, all but the first: found bucket by bucket, without a shuffle.

    Names are compared by a hash of 64 bits: a sort moves 24 bytes a listen then, and spills nothing.
    """
    listens = kept.select("user_id", "listened_at", F.xxhash64(*contract.LISTENS.same[2:]).alias("song"))
    by_user = W.partitionBy("user_id").orderBy("listened_at", "song")
    # Null-safe: a user's first listen has no previous one.
    repeats = [F.col(column).eqNullSafe(F.lag(column).over(by_user)) for column in ("listened_at", "song")]
    return listens.withColumn("repeats", repeats[0] & repeats[1]).where("repeats")


def is_day_without(record: DataQualityRecord) -> bool:
    """Whether the files of a daily load came, and had no line: nobody listened.

    Where no new file came, or what came has been there before, the listens may be missing for another reason.
    """
    if record.parameters.load != loads.DAILY or record.counts.records_read:
        return False
    sizes = {file.file: file.bytes for file in record.inputs}
    known = record.new.files_known if record.new else ()
    return record.input.files > 0 or not any(sizes[file] for file in known)


def volume_figures(record: DataQualityRecord, lake: Lake, run_date: date, previous: date | None) -> dict[str, float]:
    """How old the newest listen is at the end of the run date (days), and how the run compares with the one before.

    A log that begins with a day without listens is as old as that day. One such day is compared with no other.
    """
    newest = record.log.last_event_at
    end = datetime.combine(run_date + timedelta(days=1), time(), UTC)
    age = (end - newest) / timedelta(days=1) if newest else float("inf")
    if not newest and is_day_without(record) and not record.base:
        age = 1.0
    before = _to_compare(
        lambda day: read_publication(lake, day, _published(lake, day).snapshots).data_quality, previous
    )
    # What a day adds is nothing to hold against a whole log, nor against a day that added nothing.
    is_like = before and before.counts.events_accepted and before.parameters.load == record.parameters.load
    if not before or not is_like or is_day_without(record):
        return {"newest_listen_age_days": age}
    percent = 100 * record.counts.events_accepted / before.counts.events_accepted
    return {"newest_listen_age_days": age, "listens_percent_of_previous": percent}


def session_figures(sessions: DataFrame) -> dict[str, float]:
    """Length and speed of sessions: means, quantiles (to 1 %), the percentage of implausible ones.

    A session's speed is its tracks by its minutes; one that lasts less than a minute counts as one minute.
    """
    minutes = F.col("duration_seconds") / 60
    speed = F.col("track_count") / F.greatest(minutes, F.lit(1))
    (row,) = sessions.agg(
        F.mean("track_count").alias("mean_tracks"),
        F.percentile_approx(minutes, 0.5, F.lit(100)).alias("median_minutes"),
        F.percentile_approx(speed, 0.99, F.lit(1000)).alias("p99_tracks_per_minute"),
        (100 * F.mean(F.col("is_implausible").cast("int"))).alias("implausible_percent"),
        F.count_if(F.col("ended_at") < F.col("started_at")).alias("sessions_ending_before_start"),
    ).collect()
    return row.asDict()


def repeated_session_ids(sessions: DataFrame) -> int:
    """How many sessions have a `session_id` that another one has, too, but for one of each.

    Names are compared by a hash of 64 bits: two of a million different ones share theirs in one of 30 million logs.
    """
    of_name = sessions.groupBy(F.xxhash64("session_id")).agg((F.count(F.lit(1)) - 1).alias("more"))
    (row,) = of_name.agg(F.coalesce(F.sum("more"), F.lit(0)).alias("repeated")).collect()
    return row.repeated


def answer_figures(top_sessions: pd.DataFrame, top_songs: pd.DataFrame) -> dict[str, float]:
    """How many songs stand below one that was played less, and how many songs and sessions deserve a second look.

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
    """How many of the users of some sessions have none among others, in percent."""
    users, still_there = (sessions.select("user_id").distinct() for sessions in (before, now))
    # The key is unique on both sides.
    found = users.join(still_there.withColumn("is_there", F.lit(True)), on="user_id", how="left")
    (row,) = found.agg(F.count(F.lit(1)).alias("users"), F.count_if(F.col("is_there").isNull()).alias("gone")).collect()
    return 100 * row.gone / max(1, row.users)


def _to_compare(work_out: Callable[[date], T], previous: date | None) -> T | None:
    """What comes of what the previous run date left; None where it is damaged: that stops no run of another date."""
    if previous is None:
        return None
    try:
        return work_out(previous)
    except Exception as error:
        log.warning("Not compared with run date %s: %s", previous, explain(error))
        return None


def _rows_in_table(lake: Lake, table: LakeTable, snapshots: Snapshots) -> int:
    """Return how many rows a run's snapshot has, as Iceberg counts them; no row is ever deleted by itself."""
    with lake.catalog.open() as catalog:
        found = catalog.load_table((lake.log, table.name)).snapshot_by_id(snapshots[table.name])
    return int(found.summary["total-records"] or 0) if found and found.summary else 0


def _published(lake: Lake, run_date: date) -> Published:
    with lake.catalog.open() as catalog:
        return published(catalog, lake.log, lake.answer, run_date)


def _sessions_of(spark: SparkSession, lake: Lake, run_date: date) -> DataFrame:
    return read(spark, lake.log, SESSIONS, _published(lake, run_date).snapshots[SESSIONS.name])


def _figures(figures: dict[str, float], suite: ExpectationSuite) -> Table:
    return Table(pd.DataFrame([figures]), suite)
