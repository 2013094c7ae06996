"""Count the passages through each door."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from spark_jobs.door_counts.record import DoorCountsRecord
from spark_jobs.door_counts.tables import DOOR_COUNTS

from spark_jobs.lake.tries import read
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_session_gap, job_parser, parsed, snapshot_id
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import read_log
from spark_jobs.shared.log_tables import events_table
from spark_jobs.shared.records import Parameters
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


@dataclass(frozen=True)
class DoorCountsJob:
    """What the job is told: the lake, the run, and the snapshots of passages and sessions."""

    lake: Lake
    run_date: date
    passages: int | None = None
    sessions: int | None = None
    session_gap: timedelta | None = None
    run_id: str = MANUAL
    record: str = ""


def parse_args(argv: list[str] | None = None) -> DoorCountsJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    for table in ("passages", "sessions"):
        parser.add_argument(f"--{table}", type=snapshot_id, help=f"snapshot of {table}")
    add_session_gap(parser, "the gap that the sessions were cut with")
    return DoorCountsJob(**parsed(parser, argv))


def door_counts(passages: DataFrame) -> DataFrame:
    """Return a row for each door: `door` (string), `passages` (long)."""
    return passages.where("door IS NOT NULL").groupBy("door").agg(F.count(F.lit(1)).alias("passages"))


def run(spark: SparkSession, job: DoorCountsJob) -> DoorCountsRecord:
    """Write the counts and return the stage's record. Runs Spark."""
    started = time.monotonic()
    log = read_log(job.lake, job.run_date, job.passages)
    passages = read(spark, job.lake.log, events_table(job.lake.contract), log.events)
    counts = conform(door_counts(passages), DOOR_COUNTS.schema).coalesce(1).sortWithinPartitions("door").toArrow()
    made_from = {"passages": log.events}
    written = begin_try(job, "door_counts", made_from).replace_here(counts, DOOR_COUNTS)
    record = DoorCountsRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots={DOOR_COUNTS.name: written},
        made_from=made_from,
        parameters=Parameters(),
        seconds=seconds_since(started),
        doors=counts.num_rows,
    )
    return keep_record(job, record)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"door_counts {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"door_counts: {record.doors:,} doors")


if __name__ == "__main__":
    main()
