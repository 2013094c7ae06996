"""A file for each kind of odd records, and what is known of them.

The files begin with a byte-order mark, their lines end with a carriage return, their last line has no end.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from include.sample_data.shop import damage
from include.sample_data.shop.answer import Answer
from spark_jobs.contract import Records
from spark_jobs.logs.shop.contract import EVENTS

NAME = "odd.jsonl"
_MARK = b"\xef\xbb\xbf"


def line_of(record: dict[str, Any]) -> bytes:
    """Write a record as a line, with its end."""
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


@dataclass
class OddRecords:
    """The lines of each kind, and what becomes of them; `counts`, `cents` and `deepest` are as in `Answer`."""

    lines: dict[str, list[bytes]] = field(default_factory=dict)
    rejected: dict[str, Counter[str]] = field(default_factory=dict)
    warnings: dict[str, Counter[str]] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    cents: Counter[str] = field(default_factory=Counter)
    deepest: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def keep(self, records: Records, record: dict[str, Any] | bytes, *warnings: str) -> bytes:
        """Add a record that is accepted, with its warnings; return its line."""
        line = record if isinstance(record, bytes) else line_of(record)
        self.lines.setdefault(records.name, []).append(line)
        self.warnings.setdefault(records.name, Counter()).update(warnings)
        self.accepted[records.name] += 1
        if records is EVENTS:
            self.types[json.loads(line)["event_type"].strip()] += 1
        return line

    def reject(self, records: Records, line: bytes, reason: str) -> None:
        """Add a record that is rejected for this reason."""
        self.lines.setdefault(records.name, []).append(line)
        self.rejected.setdefault(records.name, Counter())[reason] += 1

    def damage_all(self, records: Records, good: list[bytes]) -> None:
        """Add a copy of a good record damaged in every way for every reason."""
        for reason in damage.reasons_of(records):
            types = damage.types_for(records, reason)
            line = next(one for one in good if not types or json.loads(one)["event_type"] in types)
            for way in range(damage.ways(records, reason)):
                self.reject(records, damage.damaged(line, records, reason, way), reason)

    def content(self, kind: str) -> bytes:
        """Return the file of a kind."""
        return _MARK + b"\r\n".join(line.removesuffix(b"\n") for line in self.lines[kind])

    def count(self, answer: Answer) -> None:
        """Add what is known of them to an answer."""
        for kind, dirt in answer.dirt.items():
            dirt.accepted += self.accepted[kind]
            dirt.rejected.update(self.rejected[kind])
            answer.warnings[kind].update(self.warnings[kind])
        answer.types.update(self.types)
        answer.counts.update(self.counts)
        answer.cents.update(self.cents)
        answer.reached.update(self.deepest)
        answer.add_ends(self.ends)
