"""The answers of `shop` as files: tab-separated, one header line, never quoted, for no value can hold a tab."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from spark_jobs.conversion.funnel import SEGMENTS
from spark_jobs.conversion.summary import METRICS
from spark_jobs.conversion.tables import ANSWERS, FUNNEL, SUMMARY, TIER_METRICS, WARNINGS
from spark_jobs.conversion.tiers import TIERS
from spark_jobs.lake.tables import Table
from spark_jobs.logs.shop.contract import SHOP

# Values that are in the order in which they are listed; all others are in their own.
_LISTED = {
    (FUNNEL.name, "scope"): ("session", "user"),
    (FUNNEL.name, "segment_kind"): tuple(dict.fromkeys(kind for kind, _ in SEGMENTS)),
    (FUNNEL.name, "segment"): tuple(segment for _, segment in SEGMENTS),
    (SUMMARY.name, "metric"): METRICS,
    (TIER_METRICS.name, "tier"): TIERS,
    (WARNINGS.name, "kind"): tuple(records.name for records in SHOP.kinds),
}
# The columns that tell the rows of an answer apart; without an entry it is the first one.
_ORDERED_BY = {FUNNEL.name: ("scope", "segment_kind", "segment", "step"), WARNINGS.name: ("kind", "warning")}
_AMOUNTS = ("gross_revenue", "refunded", "net_revenue", "unattributed_revenue")


def file_name(answer: Table) -> str:
    """Return the name of an answer's file.

    >>> file_name(FUNNEL)
    'funnel.tsv'
    """
    return f"{answer.name}.tsv"


def answer_text(answer: Table, rows: pa.Table) -> str:
    """Return the text of an answer's file, given its rows in any order."""
    columns = answer.schema.fieldNames()
    found = sorted(rows.select(columns).to_pylist(), key=lambda row: _place(answer, row))
    lines = [columns, *([_written(name, row) for name in columns] for row in found)]
    return "".join("\t".join(line) + "\n" for line in lines)


def answer_texts(rows: dict[str, pa.Table]) -> dict[str, str]:
    """Return the text of every answer by the name of its file, given the rows of each by the name of its table."""
    return {file_name(answer): answer_text(answer, rows[answer.name]) for answer in ANSWERS}


def _place(answer: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    columns = _ORDERED_BY.get(answer.name) or answer.schema.fieldNames()[:1]
    listed = {name: _LISTED.get((answer.name, name)) for name in columns}
    return tuple(known.index(row[name]) if known else row[name] for name, known in listed.items())


def _written(column: str, row: dict[str, Any]) -> str:
    """Write a value: rates with 6 decimals, seconds with 3, a time with 6 or, where all are 0, without any."""
    value = row[column]
    if isinstance(value, float):
        return f"{value:.3f}" if column.endswith("_seconds") else f"{value:.6f}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if column == "value" and row["metric"] not in _AMOUNTS:
        return f"{value:.0f}"
    # An amount has its two decimals.
    return "" if value is None else str(value)
