"""A log that the generator made: its answer, its lines, and what the model says of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from include.sample_data.shop import generate_log
from include.sample_data.shop.answer import beside
from tests.shop_model import Judged, judge

KINDS = ("events", "transactions", "users", "products")
SMALL = ("--events", "4000", "--users", "60", "--days", "14")


@dataclass(frozen=True)
class MadeLog:
    path: Path
    answer: dict[str, Any]

    @property
    def last_day(self) -> date:
        return date.fromisoformat(self.answer["made_by"]["last_day"])

    def files(self, kind: str) -> list[bytes]:
        """The text of each file of a kind, those of daily parts too."""
        return [text_of(path) for path in sorted(self.path.glob(f"**/{kind}/*"))]

    def lines(self, kind: str) -> list[bytes]:
        return [line for file in self.files(kind) for line in file.splitlines()]

    def judged(self) -> Judged:
        return judge({kind: self.files(kind) for kind in KINDS}, self.last_day)

    def texts(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.path)): text_of(path) for path in sorted(self.path.rglob("*.jsonl*"))}


def make(path: Path, *options: str) -> MadeLog:
    generate_log.main([str(path), *options])
    return MadeLog(path, json.loads(beside(path).read_text(encoding="utf-8")))


def text_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
