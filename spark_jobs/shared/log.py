"""The log that a run answers for, as data_quality left it: all its events, and what they were added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.published import Published
from spark_jobs.lake.stamps import stamp_of
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import read, read_added
from spark_jobs.shared.documents import DATA_QUALITY, SESSION_ANALYSIS, read_record_of
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import events_table, sessions_table
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord


class SessionsOfOtherGapError(DataError):
    """The sessions were cut with another gap than the run's."""


class SessionsOfOtherEventsError(DataError):
    """The sessions were not cut from these events."""


@dataclass(frozen=True)
class JudgedLog:
    """The snapshot of all `events` of a log; of one that was added to a published run, that is its `base`.

    `added` is the snapshot of events that has those of the base and, beside them, what is new.
    """

    lake: Lake
    events: int
    base: Published | None
    added: int

    def new_events(self, spark: SparkSession, base: Published) -> DataFrame:
        """Return the events that the base has not."""
        table = events_table(self.lake.contract)
        return read_added(spark, self.lake.log, table, base.snapshots[table.name], self.added)


def read_log(lake: Lake, run_date: date, events: int | None = None, looked_up: Sequence[Table] = ()) -> JudgedLog:
    """Return the log of a run date whose snapshot of events is this one; the last one made with None.

    It has no base where a snapshot of that has expired since, of its events, its sessions or a table `looked_up`.
    Raises MissingRecordError when there is no log,
    OtherRecordError when what data_quality kept is of another.
    """
    name = lake.contract.events.name
    record = read_record_of(lake, DataQualityRecord, run_date, {name: events})
    is_whole = record.base and _is_whole(lake, record.base, record.added, looked_up)
    return JudgedLog(lake, record.snapshots[name], record.base if is_whole else None, record.added)


def read_new_events(spark: SparkSession, lake: Lake, run_date: date, events: int) -> DataFrame:
    """Return the events that the run which made this snapshot has added: all of them where a log begins.

    Raises MissingRecordError where maintenance has removed what tells them from the others.
    """
    table = events_table(lake.contract)
    record = read_record_of(lake, DataQualityRecord, run_date, {table.name: events})
    if not record.base:
        return read(spark, lake.log, table, events)
    base = record.base.snapshots[table.name]
    with lake.catalog.open() as catalog:
        found = catalog.load_table((lake.log, table.name))
    if not all(found.snapshot_by_id(one) for one in (base, record.added)):
        raise MissingRecordError(
            f"what the daily load of {run_date} has added can no longer be told from its base, for maintenance has "
            f"removed an old snapshot: clear {DATA_QUALITY} and what follows, or run {run_date} again"
        )
    return read_added(spark, lake.log, table, base, record.added)


def sessions_cut(
    lake: Lake, run_date: date, sessions: int | None, events: int, gap: timedelta
) -> SessionAnalysisRecord:
    """Return the record of a run's sessions, of the last ones made with None, if they were cut so.

    Raises MissingRecordError if the run has no sessions, and OtherRecordError if its record is of other sessions.
    Raises SessionsOfOtherGapError or SessionsOfOtherEventsError if they were cut by another gap or from other events.
    """
    record = read_record_of(lake, SessionAnalysisRecord, run_date, {sessions_table(lake.contract).name: sessions})
    minutes, name = record.parameters.session_gap_minutes, lake.contract.events.name
    if timedelta(minutes=minutes) != gap:
        raise SessionsOfOtherGapError(
            f"the sessions of {run_date} were cut with a gap of {minutes} minutes, and are to be answered with one of "
            f"{gap // timedelta(minutes=1)}; nothing was published: run {SESSION_ANALYSIS} for this date again with "
            "the gap you want, and what is after it"
        )
    if record.made_from[name] != events:
        raise SessionsOfOtherEventsError(
            f"the sessions of {run_date} were cut from the snapshot {record.made_from[name]} of {name}, and are to be "
            f"answered with {events}; nothing was published: run {SESSION_ANALYSIS} for this date again, and what is "
            "after it"
        )
    return record


def _is_whole(lake: Lake, base: Published, added: int, looked_up: Sequence[Table]) -> bool:
    """Are all snapshots still there that a stage looks up, and of the one run that is the base?"""
    needed = (events_table(lake.contract), sessions_table(lake.contract), *looked_up)
    with lake.catalog.open() as catalog:
        tables = {table.name: catalog.load_table((lake.log, table.name)) for table in needed}
    stamps = [stamp_of(table, base.snapshots.get(name, 0)) for name, table in tables.items()]
    are_of_base = [stamp and (stamp.run_date, stamp.run_id) == (base.run_date, base.run_id) for stamp in stamps]
    return all(are_of_base) and tables[lake.contract.events.name].snapshot_by_id(added) is not None
