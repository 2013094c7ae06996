"""Answer an online shop: funnels, days, tiers, products, customers, and a summary.

Reads a snapshot of `events`, `transactions`, `users` and `sessions`. Writes one of `session_outcomes` and of each
answer, and the stage's record. Every run reads the whole log, a daily load too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pyarrow as pa
from pyspark.sql import SparkSession

from spark_jobs.conversion.answers import answers_of, facts_of
from spark_jobs.conversion.record import CONVERSION, ConversionParameters, ConversionRecord
from spark_jobs.conversion.sources import read_shop
from spark_jobs.conversion.tables import (
    CUSTOMER_VALUE,
    DAILY_METRICS,
    PRODUCT_PERFORMANCE,
    SESSION_OUTCOMES,
    WARNINGS,
)
from spark_jobs.lake.tries import read
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.tables import EVENTS, SESSIONS
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_session_gap, job_parser, parsed, snapshot_id
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import scratch
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


@dataclass(frozen=True)
class ConversionJob:
    """The job's arguments: the lake, the run, the gap the sessions were cut with, and the snapshots to answer.

    Without a gap it takes the log's; without snapshots those of which the records of the stages before tell. `record`
    is where its own goes, if not to its place.
    """

    lake: Lake
    run_date: date
    events: int | None = None
    sessions: int | None = None
    session_gap: timedelta | None = None
    run_id: str = MANUAL
    record: str = ""

    @property
    def gap(self) -> timedelta:
        """The longest pause within a session."""
        return self.session_gap or SHOP.sessions.gap


def parse_args(argv: list[str] | None = None) -> ConversionJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    add_session_gap(parser, "the gap that the sessions were cut with")
    for table in (EVENTS, SESSIONS):
        parser.add_argument(f"--{table.name}", type=snapshot_id, help=f"snapshot of {table.name}; empty: the last one")
    return ConversionJob(**parsed(parser, argv))


def run(spark: SparkSession, job: ConversionJob) -> ConversionRecord:
    """Write the answers and return the stage's record. Runs Spark.

    Raises MissingRecordError if the run has no events or no sessions, OtherRecordError if the records name other
    snapshots. SessionsOfOtherGapError, SessionsOfOtherEventsError: the sessions are not those to answer.
    """
    started = time.monotonic()
    shop = read_shop(spark, job.lake, job.run_date, job.events, job.sessions, job.gap)
    stage = begin_try(job, CONVERSION, shop.snapshots)
    with scratch() as keep:
        facts = facts_of(shop.rows, job.run_date, job.gap, keep, shop.buckets)
        outcomes = conform(facts.outcomes, SESSION_OUTCOMES.schema).coalesce(shop.buckets)
        snapshots = {SESSION_OUTCOMES.name: stage.replace(outcomes, SESSION_OUTCOMES)}
        # From here on the outcomes are those that were written.
        written = read(spark, job.lake.log, SESSION_OUTCOMES, snapshots[SESSION_OUTCOMES.name])
        for table, rows in answers_of(replace(facts, outcomes=written), job.run_date).items():
            # As one file, by the driver: Spark would take seconds to commit it.
            found = conform(rows, table.schema).coalesce(1).toArrow()
            snapshots[table.name] = stage.replace_here(found, table)
        warnings = pa.Table.from_pylist(shop.warnings)
        snapshots[WARNINGS.name] = stage.replace_here(warnings, WARNINGS)
    record = ConversionRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots=snapshots,
        made_from=shop.snapshots,
        parameters=ConversionParameters(session_gap_minutes=job.gap // timedelta(minutes=1)),
        sessions=stage.rows(SESSION_OUTCOMES),
        days=stage.rows(DAILY_METRICS),
        products=stage.rows(PRODUCT_PERFORMANCE),
        customers=stage.rows(CUSTOMER_VALUE),
        seconds=seconds_since(started),
    )
    return keep_record(job, record)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{CONVERSION} {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"{CONVERSION}: {record.sessions:,} sessions, {record.products:,} products, {record.customers:,} customers")


if __name__ == "__main__":
    main()
