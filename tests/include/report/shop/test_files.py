from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from pyspark.sql.pandas.types import to_arrow_schema

from include.report.shop.files import answer_text, answer_texts
from spark_jobs.conversion.tables import ANSWERS, CUSTOMER_VALUE, DAILY_METRICS, SUMMARY, TIER_METRICS
from spark_jobs.lake.tables import Table
from tests.shop_logs import RUN_DATE, ShopLog, shop_logs
from tests.shop_model import answers

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def rows(table: Table, *found: dict[str, Any]) -> pa.Table:
    """Rows as they are read from the lake; what is not given is null."""
    return pa.Table.from_pylist(list(found), schema=to_arrow_schema(table.schema))


def in_cents(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the model as the table keeps it: amounts have two decimals."""
    amounts = {field.name for field in table.schema.fields if field.dataType.simpleString() == "decimal(24,2)"}
    return {
        name: Decimal(value).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        if name in amounts and value is not None
        else value
        for name, value in row.items()
    }


@given(log=shop_logs(shops=3))
def test_files_are_those_of_the_model(log: ShopLog) -> None:
    expected = answers(*vars(log).values(), RUN_DATE)
    found = {}
    for table in ANSWERS:
        made = [in_cents(table, row) for row in expected.tables[table.name]]
        found[table.name] = rows(table, *random.Random(7).sample(made, len(made)))
    assert answer_texts(found) == {f"{table.name}.tsv": expected.text(table.name) for table in ANSWERS}


def test_file_without_rows_is_its_header() -> None:
    assert answer_text(SUMMARY, rows(SUMMARY)) == "metric\tvalue\n"


def test_tiers_are_in_their_order() -> None:
    found = answer_text(TIER_METRICS, rows(TIER_METRICS, *({"tier": tier} for tier in ("unknown", "gold", "bronze"))))
    assert [line.split("\t")[0] for line in found.splitlines()] == ["tier", "bronze", "gold", "unknown"]


def test_null_is_an_empty_field() -> None:
    line = answer_text(DAILY_METRICS, rows(DAILY_METRICS, {"date": NOON.date(), "users": 0})).splitlines()[1]
    assert line == "2024-05-01\t\t0" + "\t" * 13


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(NOON, "2024-05-01T12:00:00Z", id="whole second"),
        pytest.param(NOON + timedelta(microseconds=120), "2024-05-01T12:00:00.000120Z", id="microseconds"),
    ],
)
def test_time_is_iso_in_utc(moment: datetime, text: str) -> None:
    found = answer_text(CUSTOMER_VALUE, rows(CUSTOMER_VALUE, {"user_id": "u", "first_order_at": moment}))
    assert found.splitlines()[1].split("\t")[6] == text


def test_counts_and_amounts_of_the_summary_differ() -> None:
    made = [{"metric": "orders", "value": Decimal("3.00")}, {"metric": "refunded", "value": Decimal("3.00")}]
    assert answer_text(SUMMARY, rows(SUMMARY, *made)) == "metric\tvalue\norders\t3\nrefunded\t3.00\n"
