"""The lake as anyone else would read it: Iceberg tables, without Spark."""

from __future__ import annotations

from datetime import date
from typing import Any

from spark_jobs.lake.tables import Table
from spark_jobs.logs.listening.tables import LISTENS, REJECTED_RECORDS, SESSIONS
from spark_jobs.ranking.sensitivity.definitions import DEFINITIONS
from spark_jobs.ranking.tables import (
    ALTERNATIVE_SONGS,
    CHOSEN_LISTENS,
    CHOSEN_SESSIONS,
    LISTENERS,
    TOP_SESSIONS,
    TOP_SONGS,
)
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import record_of

MADE_BY = {
    "data_quality": (LISTENS, REJECTED_RECORDS),
    "session_analysis": (SESSIONS,),
    "ranking": (TOP_SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS, ALTERNATIVE_SONGS, LISTENERS, TOP_SONGS),
}
STAGES = {table.name: stage for stage, tables in MADE_BY.items() for table in tables}


def rows(lake: Lake, table: Table, run_date: date) -> list[tuple[Any, ...]]:
    """Return the rows of the snapshot in a run date's record; an empty list if the record is missing."""
    try:
        snapshot = read_record(lake, record_of(lake.contract, STAGES[table.name]), run_date).snapshots[table.name]
    except MissingRecordError:
        return []
    return rows_of(lake, table, snapshot)


def rows_of(lake: Lake, table: Table, snapshot: int) -> list[tuple[Any, ...]]:
    """The rows of a snapshot; of rejected lines `(line, reason, file)`.

    Those of an answer are in its order, others by their columns, the first first.
    """
    with lake.catalog.open() as catalog:
        found = catalog.load_table(("listening", table.name)).scan(snapshot_id=snapshot).to_arrow()
    if table == REJECTED_RECORDS:
        found = found.select(["line", "reason", "file"])
    return sorted((tuple(row.values()) for row in found.to_pylist()), key=_place)


def _place(row: tuple[Any, ...]) -> tuple[Any, ...]:
    first, *others = row
    # A session is a dictionary, which has no order.
    first = str(first) if isinstance(first, dict) else first
    place = (DEFINITIONS.index(first), "") if first in DEFINITIONS else (-1, first)
    return (place, *((True, other) if isinstance(other, int) else (other is not None, str(other)) for other in others))
