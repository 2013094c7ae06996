"""Files of odd records of each kind, and what is known of them.

`odd.csv` begins with a byte-order mark, its records end with CR LF, the last one has no end; the columns of
`odd-columns.csv` are in another order, and one has a name that nobody knows; in `odd-open-quote.csv` a quote never
closes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from include.sample_data.notes import damage
from include.sample_data.notes.answer import Answer
from include.sample_data.notes.damage import Texts
from spark_jobs.contract import Records
from spark_jobs.logs.notes.contract import INTERACTIONS

ODD, COLUMNS, OPEN_QUOTE = "odd.csv", "odd-columns.csv", "odd-open-quote.csv"
_MARK = b"\xef\xbb\xbf"


def line_of(records: Records, texts: Texts) -> bytes:
    """Write a record in the columns of the contract, with its end."""
    return damage.written(texts[one.name] for one in records.fields) + b"\n"


@dataclass
class OddRecords:
    """The lines of each kind by file, and what becomes of them; `counts` and days are as in `Answer`."""

    lines: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    rejected: dict[str, Counter[str]] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    loads: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    users_of_last_day: int = 0
    sessions_of_last_day: int = 0

    def keep(self, records: Records, texts: Texts, *warnings: str, file: str = ODD) -> bytes:
        """Add a record that is accepted, with its warnings; return its line."""
        values = [texts[one.name] for one in records.fields]
        line = _in_other_columns(values, "two\nlines, with a comma") if file == COLUMNS else line_of(records, texts)
        self.lines.setdefault((records.name, file), []).append(line)
        self.warnings.update(warnings)
        self.accepted[records.name] += 1
        if records is INTERACTIONS:
            self.actions[texts["action_type"]] += 1
            self.loads[texts["app_version"]] += bool(texts["load_ms"])
        return line

    def reject(self, records: Records, line: bytes, reason: str, file: str = ODD) -> None:
        """Add a record that is rejected for this reason."""
        self.lines.setdefault((records.name, file), []).append(line)
        self.rejected.setdefault(records.name, Counter())[reason] += 1

    def damage_all(self, records: Records, good: bytes) -> None:
        """Add a copy of a good record damaged in every way for every reason, and one with a quote that stays open."""
        for reason in damage.reasons_of(records):
            for way in range(damage.ways(reason, records)):
                self.reject(records, damage.damaged(good, records, reason, way), reason)
        # The rest of the file is one record.
        self.reject(records, b'a,"quote that ""never"" closes\nb,c\n\n', damage.OPEN_QUOTE, OPEN_QUOTE)

    def files(self, records: Records) -> dict[str, bytes]:
        """Return the files of a kind by their names."""
        names = [one.name for one in records.fields]
        header = damage.written(names)
        odd = [header, *(line.removesuffix(b"\n") for line in self.lines[records.name, ODD])]
        return {
            ODD: _MARK + b"\r\n".join(odd),
            COLUMNS: b"".join([_in_other_columns(names), *self.lines[records.name, COLUMNS]]),
            OPEN_QUOTE: b"".join([header + b"\n", *self.lines[records.name, OPEN_QUOTE]]),
        }

    def count(self, answer: Answer) -> None:
        """Add what is known of them to an answer."""
        for kind, dirt in answer.dirt.items():
            dirt.accepted += self.accepted[kind]
            dirt.rejected.update(self.rejected[kind])
        answer.warnings.update(self.warnings)
        answer.actions.update(self.actions)
        answer.loads.update(self.loads)
        answer.counts.update(self.counts)
        last_day = answer.calendar.days - 1
        answer.daily_users[last_day] += self.users_of_last_day
        answer.daily_sessions[last_day] += self.sessions_of_last_day


def _in_other_columns(values: list[str], comment: str = "comment") -> bytes:
    """Write a header or a record in the order of `odd-columns.csv`, all in quotes."""
    return damage.written([comment, *reversed(values)], always=True) + b"\n"
