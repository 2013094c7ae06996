"""The files of a log to accepted rows, rejected records and warnings."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.notes_model.csv_records import HeaderError, header_of, records_of
from tests.notes_model.records import NAMES, judge_record
from tests.notes_model.rows import Interaction, Row, User, by_column

KINDS = tuple(NAMES)
WARNINGS = ("before_join_date", "longer_than_8_hours", "unknown_user")
EIGHT_HOURS = timedelta(hours=8)


@dataclass(frozen=True)
class Rejected:
    """A record that is rejected; `line` is the one it begins on, of an open quote the one that the quote begins on."""

    kind: str
    reason: str
    file: str
    line: int


@dataclass
class Judged:
    """Accepted rows by kind in the order read, rejected records, and warnings, counted in accepted interactions.

    `left_out` are the files that are not read, `ignored_columns` the columns that the rules do not name, by file.
    """

    accepted: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    rejected: list[Rejected] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    ignored_columns: dict[str, list[str]] = field(default_factory=dict)

    @property
    def reasons(self) -> dict[str, Counter[str]]:
        return {kind: Counter(one.reason for one in self.rejected if one.kind == kind) for kind in KINDS}

    @property
    def warnings(self) -> Counter[str]:
        return warnings_of(self.accepted["interactions"], self.accepted["users"])


def judge(files: Mapping[str, bytes], run_date: date) -> Judged:
    """Judge all records of a log, given as bytes by the files' paths below its directory, in the order of the paths.

    The rules do not say which of two equal records stays, nor whether an ending in capitals counts: here the first one
    stays, and it does not. Raises HeaderError, which names the file.
    """
    judged = Judged()
    found: dict[str, list[tuple[Row, str, int]]] = {kind: [] for kind in KINDS}
    for path, content in sorted(files.items()):
        kind = path.split("/")[0]
        if kind not in KINDS or not path.endswith((".csv", ".csv.gz")):
            judged.left_out.append(path)
            continue
        found[kind] += _read_file(judged, kind, path, content, run_date)
    for kind, rows in found.items():
        judged.accepted[kind] = _without_repeated(judged, kind, rows)
    return judged


def _read_file(judged: Judged, kind: str, path: str, content: bytes, run_date: date) -> list[tuple[Row, str, int]]:
    """Judge each record of a file by itself; return the rows of good ones, with where they stand."""
    records = records_of(gzip.decompress(content) if path.endswith(".gz") else content)
    try:
        header = header_of(records, NAMES[kind])
    except HeaderError as error:
        raise HeaderError(f"{path}: {error}") from None
    if set(header) > set(NAMES[kind]):
        judged.ignored_columns[path] = [name for name in header if name not in NAMES[kind]]
    rows = []
    for record in records[1:]:
        verdict = judge_record(kind, header, record, run_date)
        if isinstance(verdict, str):
            judged.rejected.append(Rejected(kind, verdict, path, record.open_quote or record.line))
        else:
            rows.append((verdict, path, record.line))
    return rows


def _without_repeated(judged: Judged, kind: str, rows: list[tuple[Row, str, int]]) -> list[Row]:
    """Reject all but one of equal rows, then all but the first of a user's records."""
    distinct: dict[Row, tuple[str, int]] = {}
    for row, path, line in rows:
        if row in distinct:
            judged.rejected.append(Rejected(kind, "duplicate", path, line))
        else:
            distinct[row] = (path, line)
    if kind == "interactions":
        return list(distinct)
    first: dict[str, User] = {}
    for row in sorted(distinct, key=by_column):
        first.setdefault(row.user_id, row)
    for row, place in distinct.items():
        if row != first[row.user_id]:
            judged.rejected.append(Rejected(kind, "conflicting_user", *place))
    return [row for row in distinct if row == first[row.user_id]]


def warnings_of(interactions: list[Interaction], users: list[User]) -> Counter[str]:
    """Count the warnings of accepted rows. The day of an interaction before the join date is that of UTC."""
    joined = {user.user_id: user.join_date for user in users}
    found: Counter[str] = Counter()
    for one in interactions:
        known = one.user_id in joined
        found["unknown_user"] += not known
        found["before_join_date"] += known and one.occurred_at.date() < joined[one.user_id]
        found["longer_than_8_hours"] += timedelta(milliseconds=one.duration_ms or 0) > EIGHT_HOURS
    return +found
