"""Cut every user's events into sessions, one row each.

Reads a snapshot of the log's events and writes one of its sessions, and the stage's record. A daily load keeps the
sessions of its base, but for those near a new event.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import LogContract
from spark_jobs.lake.published import Published
from spark_jobs.lake.tries import read
from spark_jobs.session_analysis.extension import extend_sessions, near_sessions, touched_intervals
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_session_gap, job_parser, parsed, snapshot_id
from spark_jobs.shared.documents import SESSION_ANALYSIS, read_publication
from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import JudgedLog, read_log
from spark_jobs.shared.log_tables import events_table, sessions_table
from spark_jobs.shared.records import NewSessions, SessionAnalysisParameters, SessionAnalysisRecord
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import Keep, scratch
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


@dataclass(frozen=True)
class SessionAnalysisJob:
    """What the job is told: the lake, the run, the longest pause within a session, and the snapshot of its events.

    Without a pause it takes the log's; without a snapshot that of which data_quality's record tells. `record` is where
    its own goes, if not to its place.
    """

    lake: Lake
    run_date: date
    session_gap: timedelta | None = None
    events: int | None = None
    run_id: str = MANUAL
    record: str = ""

    @property
    def log(self) -> LogContract:
        """The contract of the log."""
        return self.lake.contract

    @property
    def gap(self) -> timedelta:
        """The longest pause within a session."""
        return self.session_gap or self.log.sessions.gap


def parse_args(argv: list[str] | None = None) -> SessionAnalysisJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    add_session_gap(parser, "a longer pause than this opens a session")
    parser.add_argument("--events", type=snapshot_id, help="snapshot of the events; empty: the one last made")
    return SessionAnalysisJob(**parsed(parser, argv))


def run(spark: SparkSession, job: SessionAnalysisJob) -> SessionAnalysisRecord:
    """Write the sessions and return the stage's record.

    Raises MissingRecordError when the run has no events, OtherRecordError when its record is not of these.
    """
    started = time.monotonic()
    log = read_log(job.lake, job.run_date, job.events)
    base, users = log.base, _users_before(job, log.base)
    with scratch() as keep:
        if base is None or users is None:
            written, counts = _cut(spark, job, log)
        else:
            written, counts = _extend(spark, job, log, base, users, keep)

    record = SessionAnalysisRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots={sessions_table(job.log).name: written},
        made_from={job.log.events.name: log.events},
        parameters=SessionAnalysisParameters(session_gap_minutes=job.gap // timedelta(minutes=1)),
        events_read=counts["events"],
        sessions=counts["sessions"],
        users=counts["users"],
        longest_session_events=counts["longest_session_events"],
        implausible_sessions=counts["implausible_sessions"],
        new=counts.get("new"),
        seconds=seconds_since(started),
    )
    return keep_record(job, record)


def _users_before(job: SessionAnalysisJob, base: Published | None) -> int | None:
    """Return how many users the sessions of a base are of; None where all must be cut again."""
    if base is None:
        return None
    try:
        record = read_publication(job.lake, base.run_date, base.snapshots).session_analysis
    except (InvalidRecordError, MissingRecordError, OtherRecordError):
        return None
    has_gap = timedelta(minutes=record.parameters.session_gap_minutes) == job.gap
    return record.users if has_gap else None


def _cut(spark: SparkSession, job: SessionAnalysisJob, log: JudgedLog) -> tuple[int, dict[str, Any]]:
    """Cut all events into sessions, and count them; return the snapshot, too."""
    events = read(spark, job.lake.log, events_table(job.log), log.events)
    sessions = summarize_sessions(sessionize(events, job.log, job.gap), job.log)
    users = F.count_if(F.col("session_number") == 1).alias("users")
    return _write(job, {job.log.events.name: log.events}, sessions, users)


def _extend(
    spark: SparkSession, job: SessionAnalysisJob, log: JudgedLog, base: Published, users_before: int, keep: Keep
) -> tuple[int, dict[str, Any]]:
    """Keep the base's sessions but for those near a new event; count all, and what came of the new events."""
    table, user = sessions_table(job.log), job.log.user
    there, new = read(spark, job.lake.log, table, base.snapshots[table.name]), log.new_events(spark, base)
    events = read(spark, job.lake.log, events_table(job.log), log.events)
    near = near_sessions(there, new, job.log, job.gap)
    intervals = keep(touched_intervals(near, new, job.log, job.gap))
    sessions = extend_sessions(there, intervals, events, new, job.log, job.gap)
    made_from = {job.log.events.name: log.events, table.name: base.snapshots[table.name]}
    written, counts = _write(job, made_from, sessions)
    taken_in = F.size("replaced")
    (made,) = intervals.agg(
        F.count_if(taken_in == 0).alias("opened"),
        F.count_if(taken_in == 1).alias("extended"),
        F.count_if(taken_in > 1).alias("joined"),
    ).collect()
    # The key is unique on the left, and the right is only looked up.
    first_seen = intervals.select(user).distinct().join(there, on=user, how="left_anti").count()
    users = users_before + first_seen
    return written, {**counts, "users": users, "new": NewSessions(**made.asDict(), users_first_seen=first_seen)}


def _write(
    job: SessionAnalysisJob, made_from: dict[str, int], sessions: DataFrame, *more: Column
) -> tuple[int, dict[str, Any]]:
    """Write sessions, counting them on their way, and what `more` there is to count; return the snapshot, too."""
    made, table, in_session = Observation("sessions"), sessions_table(job.log), job.log.sessions
    is_flagged = F.count_if("is_implausible") if in_session.implausible else F.lit(0)
    aggregates = [
        F.count(F.lit(1)).alias("sessions"),
        F.coalesce(F.sum(in_session.events), F.lit(0)).alias("events"),
        F.coalesce(F.max(in_session.events), F.lit(0)).alias("longest_session_events"),
        is_flagged.alias("implausible_sessions"),
    ]
    rows = conform(sessions.observe(made, *aggregates, *more), table.schema)
    written = begin_try(job, SESSION_ANALYSIS, made_from).replace(rows, table)
    return written, dict(made.get)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{SESSION_ANALYSIS} {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"{SESSION_ANALYSIS}: {record.sessions:,} sessions of {record.events_read:,} {job.log.events.name}")


if __name__ == "__main__":
    main()
