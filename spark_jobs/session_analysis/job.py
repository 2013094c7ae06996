"""Cut every user's listens into sessions, one row each.

Reads the listens of the run's log and writes the partition `run_date` of `sessions`, and the stage's record. Where the
log has grown from that of the day before, the sessions of that are taken over, but for those near a new listen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.session_analysis.extension import extend_sessions, near_sessions, touched_spans
from spark_jobs.session_analysis.sessions import SESSION_GAP, sessionize, summarize_sessions
from spark_jobs.shared import schemas, storage
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import job_parser, positive_int
from spark_jobs.shared.buckets import read_listens
from spark_jobs.shared.lake import SESSIONS, Lake
from spark_jobs.shared.lineage import Log

STAGE = "session_analysis"


@dataclass(frozen=True)
class SessionAnalysisJob:
    """What the job is told: the lake, the partition it owns, and the longest pause within a session."""

    lake: Lake
    run_date: date
    gap: timedelta = SESSION_GAP


def parse_args(argv: list[str] | None = None) -> SessionAnalysisJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    parser.add_argument(
        "--session-gap-minutes",
        type=positive_int,
        default=int(SESSION_GAP.total_seconds() // 60),
        help="a longer pause than this opens a session",
    )
    args = parser.parse_args(argv)
    gap = timedelta(minutes=args.session_gap_minutes)
    return SessionAnalysisJob(lake=Lake(args.lake), run_date=args.run_date, gap=gap)


def run(spark: SparkSession, job: SessionAnalysisJob) -> dict[str, Any]:
    """Publish the sessions and return the stage's record.

    Raises MissingPartitionError when the run has no listens, or its base no sessions, DamagedPartitionError when they
    are not as published.
    """
    started = time.monotonic()
    log = storage.read_log(spark, job.lake, job.run_date)
    listens = read_listens(spark, job.lake, log.parts)
    with storage.staging_area(spark, job.lake, job.run_date) as area:
        staged = f"{area}/{SESSIONS}"
        before = _sessions_before(spark, job, log)
        if before is None:
            counts = _cut(listens, job.gap, staged)
        else:
            counts = _extend(*before, listens, read_listens(spark, job.lake, [log.own]), job.gap, area)
        # It says with which gap sessions were cut, and must not be taken for that of those published now.
        storage.withdraw(spark, area, job.lake.stage_record(STAGE, job.run_date))
        storage.publish_partition(spark, staged, job.lake.partition(SESSIONS, job.run_date), log.log_id)

    record = {
        "parameters": {"session_gap_minutes": job.gap // timedelta(minutes=1)},
        "log_id": log.log_id,
        "rows": {"listens_read": counts["tracks"], "sessions": counts["sessions"], "users": counts["users"]},
        "new": counts.get("new"),
        "longest_session_tracks": counts["longest_session_tracks"],
        "implausible_sessions": counts["implausible_sessions"],
        "seconds": round(time.monotonic() - started, 3),
    }
    storage.write_stage_record(spark, job.lake, STAGE, job.run_date, record)
    return record


def _sessions_before(spark: SparkSession, job: SessionAnalysisJob, log: Log) -> tuple[DataFrame, int] | None:
    """The sessions that the log had before it grew, and of how many users; None if all must be cut anew."""
    if log.base is None:
        return None
    record = storage.read_stage_record(spark, job.lake, STAGE, log.base.run_date)
    if timedelta(minutes=record["parameters"]["session_gap_minutes"]) != job.gap:
        return None
    part = replace(log.base, dataset=SESSIONS)
    return storage.read_partition(spark, job.lake, part, schemas.SESSIONS), record["rows"]["users"]


def _cut(listens: DataFrame, gap: timedelta, staged: str) -> dict[str, Any]:
    """Cut all listens into sessions, and count them."""
    sessions = summarize_sessions(sessionize(listens, gap))
    return _write(sessions, staged, F.count_if(F.col("session_number") == 1).alias("users"))


def _extend(
    before: DataFrame, users: int, listens: DataFrame, new: DataFrame, gap: timedelta, area: str
) -> dict[str, Any]:
    """Take sessions over but for those near a new listen, and count them all, and what came of the new listens."""
    spans = storage.materialized(touched_spans(near_sessions(before, new, gap), new, gap), f"{area}/spans")
    sessions = extend_sessions(before, spans, listens, new, gap)
    counts = _write(sessions, f"{area}/{SESSIONS}")
    taken_in = F.size("replaced")
    (made,) = spans.agg(
        F.count_if(taken_in == 0).alias("sessions_opened"),
        F.count_if(taken_in == 1).alias("sessions_extended"),
        F.count_if(taken_in > 1).alias("sessions_joined"),
    ).collect()
    # The key is unique on the left, and the right is only looked up.
    first_seen = spans.select("user_id").distinct().join(before, on="user_id", how="left_anti").count()
    return {**counts, "users": users + first_seen, "new": {**made.asDict(), "users_first_seen": first_seen}}


def _write(sessions: DataFrame, staged: str, *more: Column) -> dict[str, Any]:
    """Write sessions, counting them on their way, and what `more` there is to count."""
    made = Observation("sessions")
    aggregates = [
        F.count(F.lit(1)).alias("sessions"),
        F.coalesce(F.sum("track_count"), F.lit(0)).alias("tracks"),
        F.coalesce(F.max("track_count"), F.lit(0)).alias("longest_session_tracks"),
        F.count_if("is_implausible").alias("implausible_sessions"),
    ]
    schemas.conform(sessions.observe(made, *aggregates, *more), schemas.SESSIONS).write.parquet(staged)
    return dict(made.get)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    rows = run_application(f"{STAGE} {job.run_date}", lambda spark: run(spark, job))["rows"]
    print(f"{STAGE}: {rows['sessions']:,} sessions of {rows['listens_read']:,} listens")


if __name__ == "__main__":
    main()
