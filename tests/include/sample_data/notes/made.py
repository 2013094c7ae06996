"""A log that the generator made: its answer, its files, and what the model says of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from include.sample_data.notes import generate_log
from include.sample_data.notes.answer import beside
from tests.notes_model import KINDS, Judged, judge

SMALL = ("--interactions", "4000", "--users", "60", "--days", "40")


@dataclass(frozen=True)
class MadeLog:
    path: Path
    answer: dict[str, Any]

    @property
    def last_day(self) -> date:
        return date.fromisoformat(self.answer["made_by"]["last_day"])

    def files(self) -> dict[str, bytes]:
        """Each file by its path, that of its kind first: of daily parts, too."""
        return {self._name(path): path.read_bytes() for path in sorted(self.path.rglob("*.csv*"))}

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self.path).parts
        kind = next(part for part in parts if part in KINDS)
        return "/".join([kind, *(part for part in parts if part != kind)])

    def judged(self) -> Judged:
        return judge(self.files(), self.last_day)

    def texts(self) -> dict[str, bytes]:
        """The text of each file, packed or not."""
        return {name: gzip.decompress(one) if name.endswith(".gz") else one for name, one in self.files().items()}

    def lines(self, kind: str) -> list[bytes]:
        """The lines of the files of a kind, without their headers."""
        return [
            line
            for name, text in self.texts().items()
            for line in text.split(b"\n")[1:]
            if name.startswith(kind) and "odd" not in name
        ]


def make(path: Path, *options: str) -> MadeLog:
    generate_log.main([str(path), *options])
    return MadeLog(path, json.loads(beside(path).read_text(encoding="utf-8")))
