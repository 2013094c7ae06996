"""Answer a log of a note-taking app: activity, power users, retention, segments, load times, anomalies.

Reads a snapshot of `interactions`, `users` and `sessions`. Writes one of `session_outcomes` and of each answer, and the
stage's record. Every run reads the whole log, a daily load too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from spark_jobs.engagement.answers import answers_of
from spark_jobs.engagement.outcomes import session_outcomes
from spark_jobs.engagement.record import ENGAGEMENT, EngagementParameters, EngagementRecord
from spark_jobs.engagement.sources import Notes, read_notes
from spark_jobs.engagement.tables import ANOMALIES, SESSION_OUTCOMES, WARNINGS
from spark_jobs.lake.reading import read_in_pieces
from spark_jobs.lake.tables import Table
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.logs.notes.tables import INTERACTIONS, SESSIONS
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_session_gap, job_parser, parsed, snapshot_id
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import scratch
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


@dataclass(frozen=True)
class EngagementJob:
    """The job's arguments: the lake, the run, the gap the sessions were cut with, and the snapshots to answer.

    Without a gap it takes the log's; without snapshots those of which the records of the stages before tell. `record`
    is where its own goes, if not to its place.
    """

    lake: Lake
    run_date: date
    interactions: int | None = None
    sessions: int | None = None
    session_gap: timedelta | None = None
    run_id: str = MANUAL
    record: str = ""

    @property
    def gap(self) -> timedelta:
        """The longest pause within a session."""
        return self.session_gap or NOTES.sessions.gap


def parse_args(argv: list[str] | None = None) -> EngagementJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    add_session_gap(parser, "the gap that the sessions were cut with")
    for table in (INTERACTIONS, SESSIONS):
        parser.add_argument(f"--{table.name}", type=snapshot_id, help=f"snapshot of {table.name}; empty: the last one")
    return EngagementJob(**parsed(parser, argv))


def run(spark: SparkSession, job: EngagementJob) -> EngagementRecord:
    """Write the answers and return the stage's record. Runs Spark.

    Raises MissingRecordError if the run has no interactions or no sessions, OtherRecordError if the records name other
    snapshots. SessionsOfOtherGapError, SessionsOfOtherEventsError: the sessions are not those to answer.
    """
    started = time.monotonic()
    notes = read_notes(spark, job.lake, job.run_date, job.interactions, job.sessions, job.gap)
    stage = begin_try(job, ENGAGEMENT, notes.snapshots)
    outcomes = conform(session_outcomes(notes.rows.sessions, notes.rows.users), SESSION_OUTCOMES.schema)
    # A very busy user's sessions make one bucket large.
    with read_in_pieces(spark):
        snapshots = {SESSION_OUTCOMES.name: stage.replace(outcomes, SESSION_OUTCOMES)}
    answers = _answers(notes, job.run_date)
    snapshots |= {table.name: stage.replace_here(rows, table) for table, rows in answers.items()}
    record = EngagementRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots=snapshots,
        made_from=notes.snapshots,
        parameters=EngagementParameters(session_gap_minutes=job.gap // timedelta(minutes=1)),
        sessions=stage.rows(SESSION_OUTCOMES),
        rows={table.name: rows.num_rows for table, rows in answers.items()},
        flagged=pc.sum(answers[ANOMALIES]["flagged"]).as_py() or 0,
        seconds=seconds_since(started),
    )
    return keep_record(job, record)


def _answers(notes: Notes, run_date: date) -> dict[Table, pa.Table]:
    """Return the rows of every answer, few enough to have in memory. Runs Spark."""
    with scratch() as keep:
        found = answers_of(notes.rows, run_date, keep)
        # The driver writes them as one file each: Spark would take seconds to commit it.
        answers = {table: conform(rows, table.schema).toArrow() for table, rows in found.items()}
    return answers | {WARNINGS: pa.Table.from_pylist(notes.warnings)}


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{ENGAGEMENT} {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"{ENGAGEMENT}: {record.sessions:,} sessions, {record.flagged:,} anomalies")


if __name__ == "__main__":
    main()
