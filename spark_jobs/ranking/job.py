"""Rank the longest sessions and the songs played most in them.

Reads the partition `run_date` of `sessions` and `listens`, writes that of `top_sessions` and `top_songs`,
and the stage's record.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.ranking import rankings
from spark_jobs.shared import schemas, storage
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import job_parser, positive_int
from spark_jobs.shared.buckets import read_listens
from spark_jobs.shared.lake import SESSIONS, TOP_SESSIONS, TOP_SONGS, Lake
from spark_jobs.shared.schemas import conform

STAGE = "ranking"


@dataclass(frozen=True)
class RankingJob:
    """What the job is told: the lake, the partition it owns, how many sessions and songs to name."""

    lake: Lake
    run_date: date
    top_sessions: int = rankings.TOP_SESSIONS
    top_songs: int = rankings.TOP_SONGS


def parse_args(argv: list[str] | None = None) -> RankingJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    for name, default, noun in (
        ("--top-sessions", rankings.TOP_SESSIONS, "longest sessions to look at"),
        ("--top-songs", rankings.TOP_SONGS, "songs to name"),
    ):
        parser.add_argument(name, type=positive_int, default=default, help=noun)
    args = parser.parse_args(argv)
    return RankingJob(Lake(args.lake), args.run_date, args.top_sessions, args.top_songs)


def run(spark: SparkSession, job: RankingJob) -> dict[str, Any]:
    """Publish the answer and return the stage's record.

    Raises MissingPartitionError when the run has no sessions or no listens.
    """
    started = time.monotonic()
    sessions = storage.read_partition(spark, job.lake, SESSIONS, job.run_date, schemas.SESSIONS)
    listens = schemas.conform(read_listens(spark, job.lake, job.run_date), schemas.LISTENS)

    with storage.staging_area(spark, job.lake) as area:
        longest = conform(rankings.top_sessions(sessions, job.top_sessions), schemas.TOP_SESSIONS)
        longest = _staged(longest, f"{area}/top_sessions")
        # Naming the users lets Spark skip the buckets and row groups that hold none of them.
        users = [row.user_id for row in longest.select("user_id").distinct().collect()]
        played = rankings.listens_of(longest, listens.where(F.col("user_id").isin(users)))
        songs = _staged(conform(rankings.top_songs(played, job.top_songs), schemas.TOP_SONGS), f"{area}/top_songs")
        rows = {"top_sessions": longest.count(), "top_songs": songs.count(), "listeners": len(users)}
        storage.publish(spark, f"{area}/top_sessions", job.lake.partition(TOP_SESSIONS, job.run_date))
        storage.publish(spark, f"{area}/top_songs", job.lake.partition(TOP_SONGS, job.run_date))

    record = {
        "parameters": {"top_sessions": job.top_sessions, "top_songs": job.top_songs},
        "rows": rows,
        "seconds": round(time.monotonic() - started, 3),
    }
    storage.write_stage_record(spark, job.lake, STAGE, job.run_date, record)
    return record


def _staged(ranked: DataFrame, path: str) -> DataFrame:
    """Write a ranking as one file, in its order, and read it back."""
    ranked.coalesce(1).sortWithinPartitions("rank").write.parquet(path)
    return ranked.sparkSession.read.schema(ranked.schema).parquet(path)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    rows = run_application(f"{STAGE} {job.run_date}", lambda spark: run(spark, job))["rows"]
    print(f"{STAGE}: {rows['top_songs']:,} songs of {rows['top_sessions']:,} sessions")


if __name__ == "__main__":
    main()
