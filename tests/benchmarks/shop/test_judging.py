"""DuckDB's verdict on a line is the model's: values just allowed and just not in every field, and broken lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from benchmarks.shop import judging
from tests.shop_faults import BLANKS, BREAKAGES, ODD, UUID_TEXT, object_of
from tests.shop_logs import RUN_DATE
from tests.shop_model.records import FIELDS, judge_line
from tests.test_shop_records import EVENT, TRANSACTION

SINCE = '"2024-05-01T12:00:00Z"'
GOOD = {
    "events": EVENT,
    "transactions": TRANSACTION,
    "users": {"user_id": f'"{UUID_TEXT}"', "tier": '"gold"', "valid_from": SINCE},
    "products": {
        "product_id": f'"{UUID_TEXT}"',
        "name": '"Shoe"',
        "category": '"shoes"',
        "price": "1.50",
        "valid_from": SINCE,
    },
}
MACROS = (Path(judging.__file__).parent / "macros.sql").read_text(encoding="utf-8")


def lines(kind: str) -> Iterator[bytes]:
    """Good lines with one odd value or one breakage; events of several types."""
    types = ("LOGIN", "SEARCH", "PAGE_VIEW", "ADD_TO_CART", "PURCHASE") if kind == "events" else ("",)
    for event_type in types:
        good = GOOD[kind] | ({"event_type": f'"{event_type}"'} if event_type else {})
        for field in FIELDS[kind]:
            for text in (*BLANKS, *ODD[field.name]):
                others = {name: value for name, value in good.items() if name != field.name}
                line = object_of(others | ({} if text is None else {field.name: text}))
                yield from (line.encode(), compact(line))
        for breakage in BREAKAGES.values():
            yield breakage(compact(object_of(good)))


def compact(line: str) -> bytes:
    """A line without spaces, which may be read fast."""
    return line.replace(", ", ",").replace(": ", ":").encode()


def expected(kind: str, line: bytes) -> tuple[str | None, tuple[str, ...]]:
    verdict = judge_line(kind, line, RUN_DATE)
    if isinstance(verdict, str):
        return verdict, ()
    # What does not add up is found by the warnings between records.
    return None, tuple(sorted(name for name in verdict.warnings if name != "inconsistent_total"))


@pytest.mark.parametrize("kind", FIELDS)
def test_verdict_on_odd_lines_is_the_models(kind: str, tmp_path: Path) -> None:
    # Two that are equal have the same verdict.
    written = list(dict.fromkeys(lines(kind))) * 2
    (tmp_path / "lines.jsonl").write_bytes(b"\n".join(written) + b"\n")
    with duckdb.connect() as database:
        database.execute(MACROS)
        database.execute(judging.read_fast(kind, [str(tmp_path / "lines.jsonl")], RUN_DATE))
        judged = database.table(f"judged_{kind}")
        proven = judged.filter("reason IS NULL").fetchall()
        database.execute(judging.read_exactly(kind, RUN_DATE))
        found = judged.select("reason", "warnings").fetchall()
        found += [("invalid_encoding", None)] * len(database.table(f"unread_{kind}").fetchall())
    assert len(proven) > 10
    verdicts = Counter((reason, tuple(sorted(warnings or ()))) for reason, warnings in found)
    assert verdicts == Counter(expected(kind, line) for line in written)
