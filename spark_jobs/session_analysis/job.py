"""Cut every user's listens into sessions, one row each.

Reads a snapshot of `listens` and writes one of `sessions`, and the stage's record. A daily load keeps the sessions of
its base, but for those near a new listen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.lake.listening import LISTENS, SESSIONS
from spark_jobs.lake.published import Published
from spark_jobs.lake.tries import Try, read
from spark_jobs.session_analysis.extension import extend_sessions, near_sessions, touched_spans
from spark_jobs.session_analysis.sessions import SESSION_GAP, sessionize, summarize_sessions
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_session_gap, job_parser, parsed, snapshot_id
from spark_jobs.shared.documents import SESSION_ANALYSIS, read_publication
from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import JudgedLog, read_log
from spark_jobs.shared.records import NewSessions, SessionAnalysisParameters, SessionAnalysisRecord
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import Keep, scratch
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


@dataclass(frozen=True)
class SessionAnalysisJob:
    """What the job is told: the lake, the run, the longest pause within a session, and the snapshot of its listens.

    Without one it takes that of which data_quality's record tells; `record` is where its own goes, if not to its place.
    """

    lake: Lake
    run_date: date
    gap: timedelta = SESSION_GAP
    listens: int | None = None
    run_id: str = MANUAL
    record: str = ""


def parse_args(argv: list[str] | None = None) -> SessionAnalysisJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    add_session_gap(parser, "a longer pause than this opens a session")
    parser.add_argument("--listens", type=snapshot_id, help="snapshot of the listens; empty: the one last made")
    return SessionAnalysisJob(**parsed(parser, argv))


def run(spark: SparkSession, job: SessionAnalysisJob) -> SessionAnalysisRecord:
    """Write the sessions and return the stage's record.

    Raises MissingRecordError when the run has no listens, OtherRecordError when its record is not of these.
    """
    started = time.monotonic()
    log = read_log(job.lake, job.run_date, job.listens)
    base, users = log.base, _users_before(job, log.base)
    with scratch() as keep:
        if base is None or users is None:
            written, counts = _cut(spark, job, log)
        else:
            written, counts = _extend(spark, job, log, base, users, keep)

    record = SessionAnalysisRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots={SESSIONS.name: written},
        made_from={LISTENS.name: log.listens},
        parameters=SessionAnalysisParameters(session_gap_minutes=job.gap // timedelta(minutes=1)),
        events_read=counts["tracks"],
        sessions=counts["sessions"],
        users=counts["users"],
        longest_session_events=counts["longest_session_tracks"],
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
    """Cut all listens into sessions, and count them; return the snapshot, too."""
    sessions = summarize_sessions(sessionize(read(spark, job.lake.log, LISTENS, log.listens), job.gap))
    users = F.count_if(F.col("session_number") == 1).alias("users")
    return _write(begin_try(job, SESSION_ANALYSIS, {LISTENS.name: log.listens}), sessions, users)


def _extend(
    spark: SparkSession, job: SessionAnalysisJob, log: JudgedLog, base: Published, users_before: int, keep: Keep
) -> tuple[int, dict[str, Any]]:
    """Keep the base's sessions but for those near a new listen; count all, and what came of the new listens."""
    there, new = read(spark, job.lake.log, SESSIONS, base.snapshots[SESSIONS.name]), log.new_listens(spark, base)
    listens = read(spark, job.lake.log, LISTENS, log.listens)
    spans = keep(touched_spans(near_sessions(there, new, job.gap), new, job.gap))
    sessions = extend_sessions(there, spans, listens, new, job.gap)
    made_from = {LISTENS.name: log.listens, SESSIONS.name: base.snapshots[SESSIONS.name]}
    written, counts = _write(begin_try(job, SESSION_ANALYSIS, made_from), sessions)
    taken_in = F.size("replaced")
    (made,) = spans.agg(
        F.count_if(taken_in == 0).alias("opened"),
        F.count_if(taken_in == 1).alias("extended"),
        F.count_if(taken_in > 1).alias("joined"),
    ).collect()
    # The key is unique on the left, and the right is only looked up.
    first_seen = spans.select("user_id").distinct().join(there, on="user_id", how="left_anti").count()
    users = users_before + first_seen
    return written, {**counts, "users": users, "new": NewSessions(**made.asDict(), users_first_seen=first_seen)}


def _write(stage: Try, sessions: DataFrame, *more: Column) -> tuple[int, dict[str, Any]]:
    """Write sessions, counting them on their way, and what `more` there is to count; return the snapshot, too."""
    made = Observation("sessions")
    aggregates = [
        F.count(F.lit(1)).alias("sessions"),
        F.coalesce(F.sum("track_count"), F.lit(0)).alias("tracks"),
        F.coalesce(F.max("track_count"), F.lit(0)).alias("longest_session_tracks"),
        F.count_if("is_implausible").alias("implausible_sessions"),
    ]
    written = stage.replace(conform(sessions.observe(made, *aggregates, *more), SESSIONS.schema), SESSIONS)
    return written, dict(made.get)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{SESSION_ANALYSIS} {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"{SESSION_ANALYSIS}: {record.sessions:,} sessions of {record.events_read:,} listens")


if __name__ == "__main__":
    main()
