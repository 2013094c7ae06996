"""The log that a run answers for, as data_quality left it: all its listens, and what they were added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.listening import CHOSEN_LISTENS, CHOSEN_SESSIONS, LISTENS, SESSIONS
from spark_jobs.lake.published import Published
from spark_jobs.lake.stamps import stamp_of
from spark_jobs.lake.tries import read, read_added
from spark_jobs.shared.documents import DATA_QUALITY, read_record_of
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord

# What the stages look up in a base.
LOOKED_UP = (LISTENS, SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS)


@dataclass(frozen=True)
class JudgedLog:
    """The snapshot of all `listens` of a log; of one that was added to a published run, that is its `base`.

    `added` is the snapshot of listens that has those of the base and, beside them, what is new.
    """

    lake: Lake
    listens: int
    base: Published | None
    added: int

    def new_listens(self, spark: SparkSession, base: Published) -> DataFrame:
        """Return the listens that the base has not."""
        return read_added(spark, self.lake.log, LISTENS, base.snapshots[LISTENS.name], self.added)


def read_log(lake: Lake, run_date: date, listens: int | None = None) -> JudgedLog:
    """Return the log of a run date whose snapshot of listens is this one; the last one made with None.

    It has no base where a snapshot of that has expired since. Raises MissingRecordError when there is no log,
    OtherRecordError when what data_quality kept is of another.
    """
    record = read_record_of(lake, DataQualityRecord, run_date, {LISTENS.name: listens})
    is_whole = record.base and _is_whole(lake, record.base, record.added)
    return JudgedLog(lake, record.snapshots[LISTENS.name], record.base if is_whole else None, record.added)


def read_new_listens(spark: SparkSession, lake: Lake, run_date: date, listens: int) -> DataFrame:
    """Return the listens that the run which made this snapshot has added: all of them where a log begins.

    Raises MissingRecordError where maintenance has removed what tells them from the others.
    """
    record = read_record_of(lake, DataQualityRecord, run_date, {LISTENS.name: listens})
    if not record.base:
        return read(spark, lake.log, LISTENS, listens)
    base = record.base.snapshots[LISTENS.name]
    with lake.catalog.open() as catalog:
        table = catalog.load_table((lake.log, LISTENS.name))
    if not all(table.snapshot_by_id(one) for one in (base, record.added)):
        raise MissingRecordError(
            f"what the daily load of {run_date} has added can no longer be told from its base, for maintenance has "
            f"removed an old snapshot: clear {DATA_QUALITY} and what follows, or run {run_date} again"
        )
    return read_added(spark, lake.log, LISTENS, base, record.added)


def _is_whole(lake: Lake, base: Published, added: int) -> bool:
    """Are all snapshots still there that the stages look up, and of the one run that is the base?"""
    with lake.catalog.open() as catalog:
        tables = {table.name: catalog.load_table((lake.log, table.name)) for table in LOOKED_UP}
    stamps = [stamp_of(table, base.snapshots.get(name, 0)) for name, table in tables.items()]
    are_of_base = [stamp and (stamp.run_date, stamp.run_id) == (base.run_date, base.run_id) for stamp in stamps]
    return all(are_of_base) and tables[LISTENS.name].snapshot_by_id(added) is not None
