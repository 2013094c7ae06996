"""The answers of `notes` as files: tab-separated, one header line, never quoted, for no value can hold a tab."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from include.report.notes.versions import by_number
from spark_jobs.engagement.tables import ANSWERS, LOAD_TIMES, POWER_USERS, RETENTION, WARNINGS
from spark_jobs.lake.tables import Table

# Warnings are told by the report; those of a record are in no answer.
FILES = tuple(answer for answer in ANSWERS if answer is not WARNINGS)
# The columns that tell the rows of an answer apart; without an entry it is the first one.
_ORDERED_BY = {
    POWER_USERS.name: ("rank", "user_id"),
    RETENTION.name: ("cohort_week", "week"),
    LOAD_TIMES.name: ("app_version", "date"),
    "anomalies": ("date", "metric"),
}
# All others that are no whole number have six decimals.
_THREE_DECIMALS = ("_ms", "_hours", "_seconds")
_OF_METRICS = ("value", "mean", "standard_deviation", "same_weekday_week_before")


def file_name(answer: Table) -> str:
    """Return the name of an answer's file.

    >>> file_name(RETENTION)
    'retention.tsv'
    """
    return f"{answer.name}.tsv"


def answer_text(answer: Table, rows: pa.Table) -> str:
    """Return the text of an answer's file, given its rows in any order."""
    columns = answer.schema.fieldNames()
    order = _ORDERED_BY.get(answer.name) or columns[:1]
    found = sorted(rows.select(columns).to_pylist(), key=lambda row: [_place(name, row[name]) for name in order])
    lines = [columns, *([_written(name, row[name]) for name in columns] for row in found)]
    return "".join("\t".join(line) + "\n" for line in lines)


def answer_texts(rows: dict[str, pa.Table]) -> dict[str, str]:
    """Return the text of every answer by the name of its file, given the rows of each by the name of its table."""
    return {file_name(answer): answer_text(answer, rows[answer.name]) for answer in FILES}


def _place(column: str, value: Any) -> Any:
    """Return what orders a value: a version by its numbers, all days before single ones."""
    if column == "app_version":
        return by_number(value)
    return (value is not None, value)


def _written(column: str, value: Any) -> str:
    """Write a value: milliseconds, hours and seconds with 3 decimals, other numbers that are not whole with 6."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        is_short = column.endswith(_THREE_DECIMALS) or column in _OF_METRICS
        return f"{value:.3f}" if is_short else f"{value:.6f}"
    return "" if value is None else str(value)
