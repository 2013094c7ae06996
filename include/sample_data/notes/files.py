"""The files of a log: a directory for each kind of records, and in it a file for each day on which records arrive."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from include.sample_data.notes import damage
from include.sample_data.notes.calendar import Calendar
from spark_jobs.logs.notes.contract import INTERACTIONS, NOTES

_CHUNK_BYTES = 1 << 20
HEADERS = {records.name: damage.written(one.name for one in records.fields) + b"\n" for records in NOTES.kinds}


@dataclass(frozen=True)
class Files:
    """The log's files below a directory; `daily`: the last days have a directory each, all before them have one.

    These directories are named by their days, that of all before by the last of these: each is a run's input.
    """

    root: Path
    calendar: Calendar
    daily: int = 0

    def make_directories(self) -> None:
        """Make the directory of every kind."""
        for day in range(self.calendar.days):
            for kind in NOTES.kinds:
                self._directory(kind.name, day).mkdir(parents=True, exist_ok=True)

    def add(self, kind: str, lines: list[bytes], at: np.ndarray) -> None:
        """Add records of a kind to the files of the days on which they arrive, in the order of these times."""
        order = np.argsort(at, kind="stable")
        days = self.calendar.day_of(at[order])
        bounds = np.searchsorted(days, np.arange(self.calendar.days + 1))
        place = order.tolist()
        for day in np.unique(days).tolist():
            with self._file(kind, day).open("ab") as file:
                file.write(HEADERS[kind] if not file.tell() else b"")
                file.write(b"".join([lines[one] for one in place[bounds[day] : bounds[day + 1]]]))

    def add_file(self, kind: str, name: str, content: bytes) -> None:
        """Add a file of another name, which arrives on the last day."""
        (self._directory(kind, self.calendar.days - 1) / name).write_bytes(content)

    def compress_first(self) -> None:
        """Compress the first file of interactions, a part at a time. Another zlib may give other bytes of its text."""
        days = range(self.calendar.days)
        plain = next(file for day in days if (file := self._file(INTERACTIONS.name, day)).exists())
        compressed = plain.with_name(f"{plain.name}.gz")
        with (
            plain.open("rb") as source,
            compressed.open("wb") as target,
            gzip.GzipFile("", "wb", compresslevel=6, fileobj=target, mtime=0) as packed,
        ):
            shutil.copyfileobj(source, packed, _CHUNK_BYTES)
        plain.unlink()

    def _file(self, kind: str, day: int) -> Path:
        return self._directory(kind, day) / f"{self.calendar.date_of(day)}.csv"

    def _directory(self, kind: str, day: int) -> Path:
        if not self.daily:
            return self.root / kind
        return self.root / str(self.calendar.date_of(max(day, self.calendar.days - self.daily - 1))) / kind
