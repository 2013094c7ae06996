"""The log that a run answers for, as data_quality left it: all its listens, and what they were added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.listening import LISTENS
from spark_jobs.lake.tries import read, read_added
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import LOG, Lake

# The stage whose record tells of it.
KEPT_BY = "data_quality"


@dataclass(frozen=True)
class Base:
    """The published run that a daily load adds to: its date, and the snapshot of each of its tables.

    `added` is the snapshot of listens that has those of the base and, beside them, what is new.
    """

    run_date: date
    snapshots: Mapping[str, int]
    added: int

    def new_listens(self, spark: SparkSession) -> DataFrame:
        """Return the listens that the base has not."""
        return read_added(spark, LOG, LISTENS, self.snapshots[LISTENS.name], self.added)


@dataclass(frozen=True)
class JudgedLog:
    """The snapshot of all `listens` of a log, and its `base` if it was added to one."""

    listens: int
    base: Base | None


def read_log(lake: Lake, run_date: date, listens: int | None = None) -> JudgedLog:
    """Return the log of a run date whose snapshot of listens is this one; the last one made with None.

    It has no base where that has expired since. Raises MissingRecordError when there is no log, OtherRecordError when
    what data_quality kept is of another.
    """
    record = read_record_of(lake, KEPT_BY, run_date, {LISTENS.name: listens})
    return JudgedLog(record["snapshots"][LISTENS.name], _base(lake, record))


def read_new_listens(spark: SparkSession, lake: Lake, run_date: date, listens: int) -> DataFrame:
    """Return the listens that the run which made this snapshot has added: all of them where a log begins.

    Raises MissingRecordError where maintenance has removed what tells them from the others.
    """
    log = read_log(lake, run_date, listens)
    if log.base:
        return log.base.new_listens(spark)
    if read_record_of(lake, KEPT_BY, run_date, {LISTENS.name: listens})["base"]:
        raise MissingRecordError(
            f"what the daily load of {run_date} has added can no longer be told from its base, for maintenance has "
            f"removed an old snapshot: clear {KEPT_BY} and what follows, or run {run_date} again"
        )
    return read(spark, LOG, LISTENS, listens)


def _base(lake: Lake, record: dict[str, Any]) -> Base | None:
    if record["base"] is None:
        return None
    base = Base(date.fromisoformat(record["base"]["run_date"]), record["base"]["snapshots"], record["added"])
    with lake.catalog.open() as catalog:
        listens = catalog.load_table((LOG, LISTENS.name))
    is_there = all(listens.snapshot_by_id(one) for one in (base.snapshots[LISTENS.name], base.added))
    return base if is_there else None
