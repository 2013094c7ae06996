from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
from hypothesis import given
from pyspark.sql.pandas.types import to_arrow_schema

from include.report.notes.files import FILES, answer_text, answer_texts
from spark_jobs.engagement.tables import ANOMALIES, DEVICE_CORRELATION, LOAD_TIMES, POWER_USERS, WARNINGS
from spark_jobs.lake.tables import Table
from tests.notes_logs import RUN_DATE, NotesLog, notes_logs
from tests.notes_model import COLUMNS, answers, files_of
from tests.notes_rows import D


def rows(table: Table, *found: dict[str, Any]) -> pa.Table:
    """Rows as they are read from the lake; what is not given is null."""
    return pa.Table.from_pylist(list(found), schema=to_arrow_schema(table.schema))


@given(log=notes_logs(teams=3))
def test_files_are_those_of_the_model(log: NotesLog) -> None:
    expected = answers(log.interactions, log.users, RUN_DATE)
    found = {
        table.name: rows(table, *random.Random(7).sample(expected[table.name], len(expected[table.name])))
        for table in FILES
    }
    assert answer_texts(found) == files_of(expected)


def test_every_answer_but_warnings_has_a_file() -> None:
    assert {table.name: table.schema.fieldNames() for table in FILES} == COLUMNS
    assert WARNINGS not in FILES


def test_file_without_rows_is_its_header() -> None:
    assert answer_text(DEVICE_CORRELATION, rows(DEVICE_CORRELATION)) == "app_version\tusers\tspearman\n"


def test_versions_are_in_the_order_of_their_numbers() -> None:
    found = rows(LOAD_TIMES, *({"app_version": version} for version in ("1.10.0", "1.9.0", "0.99.1")))
    assert [line.split("\t")[0] for line in answer_text(LOAD_TIMES, found).splitlines()[1:]] == [
        "0.99.1",
        "1.9.0",
        "1.10.0",
    ]


def test_all_days_come_before_single_ones() -> None:
    found = rows(LOAD_TIMES, {"app_version": "1.0.0", "date": D, "p50_ms": 0.5}, {"app_version": "1.0.0", "count": 2})
    assert answer_text(LOAD_TIMES, found).splitlines()[1:] == ["1.0.0\t\t2\t\t\t", "1.0.0\t2024-05-10\t\t0.500\t\t"]


def test_numbers_have_their_decimals() -> None:
    unusual = {"date": D, "metric": "dau", "value": 3.0, "mean": 1.5, "standard_deviation": 0.25, "z": 6.0}
    found = rows(ANOMALIES, {**unusual, "flagged": True, "same_weekday_week_before": None})
    assert answer_text(ANOMALIES, found).splitlines()[1] == "2024-05-10\tdau\t3.000\t1.500\t0.250\t6.000000\ttrue\t"
    power = {"rank": 1, "user_id": "a b", "active_hours": 0.5, "active_days": 2, "share_of_active_time": 1.0}
    assert answer_text(POWER_USERS, rows(POWER_USERS, power)).splitlines()[1] == "1\ta b\t0.500\t2\t1.000000"
