"""Cut every user's events into sessions, one row each.

Reads a snapshot of the log's events and writes one of its sessions, and the stage's record. A daily load keeps the
sessions of its base, but for those near a new event, and writes no other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import LogContract
from spark_jobs.lake.published import Published
from spark_jobs.lake.tables import bucket_records
from spark_jobs.lake.tries import read
from spark_jobs.session_analysis.busy_users import events_of_a_task, find_pieces, sessions_in_pieces
from spark_jobs.session_analysis.extension import (
    near_sessions,
    replaced_sessions,
    touched_intervals,
    touched_sessions,
)
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
    before = _before(job, log.base)
    with scratch() as keep:
        if log.base is None or before is None:
            written = _cut(spark, job, log)
        else:
            written = _extend(spark, job, log, log.base, before, keep)
    record = SessionAnalysisRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots={sessions_table(job.log).name: written.snapshot},
        made_from={job.log.events.name: log.events},
        parameters=SessionAnalysisParameters(session_gap_minutes=job.gap // timedelta(minutes=1)),
        events_read=written.counts["events"],
        sessions=written.counts["sessions"],
        users=written.counts["users"],
        longest_session_events=written.counts["longest_session_events"],
        implausible_sessions=written.counts["implausible_sessions"],
        new=written.new,
        added=written.added,
        seconds=seconds_since(started),
    )
    return keep_record(job, record)


@dataclass(frozen=True)
class Written:
    """The snapshot of the sessions, what was counted of them, and of a daily load what came of the new events.

    `added` is then the snapshot that has added the sessions they touch.
    """

    snapshot: int
    counts: Mapping[str, int]
    new: NewSessions | None = None
    added: int | None = None


def _before(job: SessionAnalysisJob, base: Published | None) -> SessionAnalysisRecord | None:
    """Return the record of the sessions of a base; None where all must be cut again."""
    if base is None:
        return None
    try:
        record = read_publication(job.lake, base.run_date, base.snapshots).session_analysis
    except (InvalidRecordError, MissingRecordError, OtherRecordError):
        return None
    has_gap = timedelta(minutes=record.parameters.session_gap_minutes) == job.gap
    return record if has_gap else None


def _cut(spark: SparkSession, job: SessionAnalysisJob, log: JudgedLog) -> Written:
    """Cut all events into sessions, and count them."""
    events = read(spark, job.lake.log, events_table(job.log), log.events)
    sessions = _sessions(events, job, log)
    users = F.count_if(F.col("session_number") == 1).alias("users")
    made, table = Observation("sessions"), sessions_table(job.log)
    rows = conform(sessions.observe(made, *_counts(job.log), users), table.schema)
    snapshot = begin_try(job, SESSION_ANALYSIS, {job.log.events.name: log.events}).replace(rows, table)
    return Written(snapshot, made.get)


def _sessions(events: DataFrame, job: SessionAnalysisJob, log: JudgedLog) -> DataFrame:
    """Cut all events into sessions; where a bucket has many more than the others, busy users piece by piece."""
    with job.lake.catalog.open() as catalog:
        buckets = bucket_records(catalog, job.lake.log, events_table(job.log), log.events)
    of_a_task = events_of_a_task(buckets)
    pieces = find_pieces(events, job.log, job.gap, of_a_task) if of_a_task else []
    if pieces:
        return sessions_in_pieces(events, pieces, job.log, job.gap)
    return summarize_sessions(sessionize(events, job.log, job.gap), job.log)


def _extend(
    spark: SparkSession,
    job: SessionAnalysisJob,
    log: JudgedLog,
    base: Published,
    before: SessionAnalysisRecord,
    keep: Keep,
) -> Written:
    """Keep the base's sessions but for those near a new event; count all, and what came of the new events."""
    table, user = sessions_table(job.log), job.log.user
    there, new = read(spark, job.lake.log, table, base.snapshots[table.name]), log.new_events(spark, base)
    events = read(spark, job.lake.log, events_table(job.log), log.events)
    intervals = keep(touched_intervals(near_sessions(there, new, job.log, job.gap), new, job.log, job.gap))
    gone = _count_replaced(intervals)
    made = Observation("sessions")
    touched = touched_sessions(intervals, events, new, job.log, job.gap).observe(made, *_counts(job.log))
    stage = begin_try(job, SESSION_ANALYSIS, {job.log.events.name: log.events, table.name: base.snapshots[table.name]})
    replaced = replaced_sessions(intervals, job.log) if gone["sessions"] else None
    added = stage.exchange(replaced, touched, table, base.snapshots[table.name])
    first_seen = intervals.select(user).distinct().join(there.select(user).distinct(), on=user, how="left_anti").count()
    found = {name: gone[name] for name in ("opened", "extended", "joined")}
    return Written(
        stage.compact(spark, table),
        {
            "events": before.events_read - gone["events"] + made.get["events"],
            "sessions": before.sessions - gone["sessions"] + made.get["sessions"],
            "users": before.users + first_seen,
            # New events make a session longer, or leave it as it was.
            "longest_session_events": max(before.longest_session_events, made.get["longest_session_events"]),
            "implausible_sessions": before.implausible_sessions
            - gone["implausible_sessions"]
            + made.get["implausible_sessions"],
        },
        NewSessions(**found, users_first_seen=first_seen),
        added,
    )


def _counts(log: LogContract) -> list[Column]:
    """Aggregates that count sessions on their way."""
    events = log.sessions.events
    is_flagged = F.count_if("is_implausible") if log.sessions.implausible else F.lit(0)
    return [
        F.count(F.lit(1)).alias("sessions"),
        F.coalesce(F.sum(events), F.lit(0)).alias("events"),
        F.coalesce(F.max(events), F.lit(0)).alias("longest_session_events"),
        is_flagged.alias("implausible_sessions"),
    ]


def _count_replaced(intervals: DataFrame) -> dict[str, int]:
    """Count touched intervals by what they take in, and count what they replace. Runs Spark."""
    taken_in = F.size("replaced")
    sums = {
        "sessions": taken_in,
        "events": F.col("replaced_events"),
        "implausible_sessions": F.col("replaced_implausible"),
    }
    # A new event that only ends a session's last one sooner extends nothing.
    is_extended = (taken_in == 1) & ~F.col("is_shortened") if "is_shortened" in intervals.columns else taken_in == 1
    (row,) = intervals.agg(
        F.count_if(taken_in == 0).alias("opened"),
        F.count_if(is_extended).alias("extended"),
        F.count_if(taken_in > 1).alias("joined"),
        *(F.coalesce(F.sum(of), F.lit(0)).alias(name) for name, of in sums.items()),
    ).collect()
    return row.asDict()


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{SESSION_ANALYSIS} {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"{SESSION_ANALYSIS}: {record.sessions:,} sessions of {record.events_read:,} {job.log.events.name}")


if __name__ == "__main__":
    main()
