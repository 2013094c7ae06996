"""Cut every user's listens into sessions, one row each.

Reads the partition `run_date` of `listens` and writes that of `sessions`, and the stage's record.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.session_analysis.sessions import SESSION_GAP, sessionize, summarize_sessions
from spark_jobs.shared import schemas, storage
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import job_parser, positive_int
from spark_jobs.shared.buckets import read_listens
from spark_jobs.shared.lake import SESSIONS, Lake

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

    Raises MissingPartitionError when the run has no listens, DamagedPartitionError when they are not as published.
    """
    started = time.monotonic()
    made = Observation("sessions")
    listens = read_listens(spark, job.lake, job.run_date)
    sessions = summarize_sessions(sessionize(listens, job.gap))
    aggregates = [
        F.count_if(F.col("session_number") == 1).alias("users"),
        F.count(F.lit(1)).alias("sessions"),
        F.coalesce(F.sum("track_count"), F.lit(0)).alias("tracks"),
        F.coalesce(F.max("track_count"), F.lit(0)).alias("longest_session_tracks"),
        F.count_if("is_implausible").alias("implausible_sessions"),
    ]
    with storage.staging_area(spark, job.lake, job.run_date) as area:
        counted = schemas.conform(sessions.observe(made, *aggregates), schemas.SESSIONS)
        counted.write.parquet(f"{area}/sessions")
        storage.publish_partition(spark, f"{area}/sessions", job.lake.partition(SESSIONS, job.run_date))

    counts = made.get
    record = {
        "parameters": {"session_gap_minutes": job.gap // timedelta(minutes=1)},
        "rows": {"listens_read": counts["tracks"], "sessions": counts["sessions"], "users": counts["users"]},
        "longest_session_tracks": counts["longest_session_tracks"],
        "implausible_sessions": counts["implausible_sessions"],
        "seconds": round(time.monotonic() - started, 3),
    }
    storage.write_stage_record(spark, job.lake, STAGE, job.run_date, record)
    return record


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    rows = run_application(f"{STAGE} {job.run_date}", lambda spark: run(spark, job))["rows"]
    print(f"{STAGE}: {rows['sessions']:,} sessions of {rows['listens_read']:,} listens")


if __name__ == "__main__":
    main()
