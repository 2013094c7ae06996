"""What a stage that still runs has read, accepted and rejected: in the task log, and for the page of its run.

Spark tells a client what it observed only when a query has ended, and its API has no metrics of a query that runs. So
two sources are asked while it does. Spark's ended tasks tell what was read. The files that tasks write tell what became
of it: a whole file says how many rows it has. A task that is tried again counts once.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime

from pydantic import AwareDatetime
from upath import UPath

from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import Document

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 5
# How Iceberg names a file: the partition of Spark's stage, the task's try, the write, and a number.
_FILE = re.compile(r"(?P<partition>\d+)-(?P<task>\d+)-(?P<write>[0-9a-f-]{36}(-\d+)?)-\d+\.parquet")
# Rejected records lie in the partition of those without an owner.
_REJECTED = "=null"

ReadSoFar = Callable[[], int | None]


class LiveCounts(Document):
    """What a stage has done so far. `records_read` is None where nobody tells; accepted and rejected are written."""

    stage: str
    at: AwareDatetime
    records_read: int | None
    accepted: int
    rejected: int

    @property
    def line(self) -> str:
        """Say it in a line."""
        read = "" if self.records_read is None else f"{self.records_read:,} records read, "
        return f"{self.stage} so far: {read}{self.accepted:,} accepted, {self.rejected:,} rejected"


class WrittenFiles:
    """The files that come into the tables of a log's accepted records, from now on: those of the first write of each.

    What follows in a stage moves or compacts the same rows.
    """

    def __init__(self, lake: Lake) -> None:
        self.directories = _directories(lake)
        self.there = {file for table in self.directories for file in _files(table)}
        self.rows: dict[UPath, int] = {}
        self.writes: dict[UPath, str] = {}

    def counts(self) -> tuple[int, int]:
        """Return how many records are accepted, and how many rejected."""
        accepted = rejected = 0
        for table in self.directories:
            for file in self._of_last_tries(table):
                rows = self._rows(file)
                if file.parent.name.endswith(_REJECTED):
                    rejected += rows
                else:
                    accepted += rows
        return accepted, rejected

    def _of_last_tries(self, table: UPath) -> list[UPath]:
        """Return the new files of a table's first write, of each partition those of the last try."""
        named = [(file, _FILE.fullmatch(file.name)) for file in _files(table) if file not in self.there]
        found = [(file, name) for file, name in named if name]
        if not found:
            return []
        if table not in self.writes:
            self.writes[table] = min(found, key=lambda one: one[0].stat().st_mtime)[1]["write"]
        ours = [(file, name) for file, name in found if name["write"] == self.writes[table]]
        last: dict[str, int] = {}
        for _, name in ours:
            last[name["partition"]] = max(last.get(name["partition"], -1), int(name["task"]))
        return [file for file, name in ours if int(name["task"]) == last[name["partition"]]]

    def _rows(self, file: UPath) -> int:
        """Return the rows of a file, 0 until it is whole: its last bytes say how many there are."""
        # Not above: every task loads this module, and few of them look into files.
        import pyarrow as pa
        import pyarrow.parquet as pq

        if file not in self.rows:
            try:
                with file.open("rb") as content:
                    self.rows[file] = pq.read_metadata(content).num_rows
            except (pa.ArrowInvalid, FileNotFoundError):
                return 0
        return self.rows[file]


@contextmanager
def counts_told(stage: str, lake: Lake, run_date: date, read: ReadSoFar) -> Iterator[None]:
    """Tell every few seconds what a stage has done so far, in the task log and to the page of the run.

    What cannot be told costs a line in the log, never the run.
    """
    # Now: what comes later is the stage's.
    files = _files_there(stage, lake)
    if files is None:
        yield
        return
    place, is_over = lake.live_counts(run_date), threading.Event()
    teller = threading.Thread(target=_tell, args=(stage, files, place, read, is_over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join(SECONDS_BETWEEN_LOOKS)
        with suppress(Exception):
            place.unlink(missing_ok=True)


def _files_there(stage: str, lake: Lake) -> WrittenFiles | None:
    try:
        return WrittenFiles(lake)
    # Whatever a store says.
    except Exception as error:
        _warn(stage, error)
        return None


def read_live_counts(lake: Lake, run_date: date) -> LiveCounts | None:
    """Return what the stage that runs now has done so far; None where no stage tells."""
    try:
        return LiveCounts.model_validate_json(lake.live_counts(run_date).read_bytes())
    except (OSError, ValueError):
        return None


def _tell(stage: str, files: WrittenFiles, place: UPath, read: ReadSoFar, is_over: threading.Event) -> None:
    has_warned = False
    while not is_over.wait(SECONDS_BETWEEN_LOOKS):
        try:
            accepted, rejected = files.counts()
            counts = LiveCounts(
                stage=stage, at=datetime.now(UTC), records_read=read(), accepted=accepted, rejected=rejected
            )
            if not is_over.is_set():
                log.info(counts.line)
                write_record(place, counts)
        # Whatever a store or a server says: the next look may find it well.
        except Exception as error:
            if not has_warned:
                _warn(stage, error)
            has_warned = True


def _warn(stage: str, error: Exception) -> None:
    log.warning("%s: cannot tell what it has done so far: %s: %s", stage, type(error).__name__, error)


def _directories(lake: Lake) -> list[UPath]:
    """Return where the files of accepted records lie, in the order of the kinds."""
    tables = UPath(lake.root) / "warehouse" / lake.log
    return [tables / kind.name / "data" for kind in lake.contract.kinds]


def _files(table: UPath) -> list[UPath]:
    return list(table.glob("*/*.parquet")) if table.exists() else []
