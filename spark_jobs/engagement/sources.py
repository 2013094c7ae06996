"""The sources of the answers: the run's snapshots of all kinds of records, and its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import SparkSession

from spark_jobs.engagement.answers import Rows
from spark_jobs.lake.tries import read
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.logs.notes.tables import INTERACTIONS, SESSIONS, USERS
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import sessions_cut
from spark_jobs.shared.records import DataQualityRecord


@dataclass(frozen=True)
class Notes:
    """The rows that the answers are made of, the `snapshots` that they are, by table, and the warnings of records."""

    rows: Rows
    snapshots: dict[str, int]
    warnings: list[dict[str, str | int]]


def read_notes(
    spark: SparkSession, lake: Lake, run_date: date, interactions: int | None, sessions: int | None, gap: timedelta
) -> Notes:
    """Return what the stages before have made for a run date; with None, what they made last.

    Raises MissingRecordError, OtherRecordError, SessionsOfOtherGapError or SessionsOfOtherEventsError.
    """
    judged = read_record_of(lake, DataQualityRecord, run_date, {INTERACTIONS.name: interactions})
    cut = sessions_cut(lake, run_date, sessions, judged.snapshots[INTERACTIONS.name], gap)
    snapshots = {table.name: judged.snapshots[table.name] for table in (INTERACTIONS, USERS)}
    snapshots[SESSIONS.name] = cut.snapshots[SESSIONS.name]
    rows = Rows(*(read(spark, lake.log, table, snapshots[table.name]) for table in (INTERACTIONS, USERS, SESSIONS)))
    return Notes(rows, snapshots, warnings_of(judged))


def warnings_of(record: DataQualityRecord) -> list[dict[str, str | int]]:
    """Return the rows of WARNINGS: each warning that a record of the whole log can have, also where none has it."""
    return [
        {"kind": kind.name, "warning": name, "records": record.log_warnings[kind.name][name]}
        for kind in NOTES.kinds
        for name in kind.warning_names
    ]
