"""Good records of the four kinds, as JSON texts by field, and what Spark's rules say of lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import Records
from spark_jobs.data_quality.rules import rejection_reason
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.rules import RULES
from tests.frames import frame_of

RUN_DATE = date(2024, 5, 10)
KINDS = {records.name: records for records in SHOP.kinds}
ID, OTHER_ID = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
ITEM = {"product_id": ID, "quantity": 2, "unit_price": "19.99"}
GOOD: dict[str, dict[str, Any]] = {
    "events": {
        "event_id": ID,
        "event_type": "ADD_TO_CART",
        "occurred_at": "2024-05-01T12:00:00.5+02:00",
        "user_id": OTHER_ID,
        "device_type": "mobile",
        "page_url": "/shoes?from=mail#top",
        "product_id": ID,
        "quantity": 2,
        "search_query": " Red Shoes ",
        "transaction_id": ID,
        "session_id": OTHER_ID,
        "browser": "Firefox",
        "ip_address": "192.0.2.1",
    },
    "transactions": {
        "transaction_id": ID,
        "user_id": OTHER_ID,
        "occurred_at": "2024-05-01T12:00:00Z",
        "status": "completed",
        "payment_method": "card",
        "currency": "EUR",
        "items": [ITEM],
        "discount": 0,
        "shipping": "5.00",
        "tax": 0.5,
        "total": 45.48,
    },
    "users": {
        "user_id": ID,
        "tier": "gold",
        "valid_from": "2020-01-01T00:00:00Z",
        "country": "DE",
        "email": "Ada@shop.example",
    },
    "products": {
        "product_id": ID,
        "name": "Shoes",
        "category": "Clothes",
        "price": 19.99,
        "valid_from": "2020-01-01T00:00:00Z",
    },
}


def texts_of(record: dict[str, Any]) -> dict[str, str]:
    """Return the JSON text of each of a record's values."""
    return {name: json.dumps(value, ensure_ascii=False) for name, value in record.items()}


def line_of(texts: dict[str, str], comma: str = ",", colon: str = ":") -> bytes:
    """Write an object from JSON texts by name."""
    return ("{" + comma.join(f"{json.dumps(name)}{colon}{text}" for name, text in texts.items()) + "}").encode()


def line_with(kind: str, **values: Any) -> bytes:
    """Write a good record with other values."""
    return line_of(texts_of(GOOD[kind] | values))


@dataclass(frozen=True)
class Verdict:
    """What becomes of a line: the reason, or the warnings and the names that the contract lacks."""

    reason: str | None = None
    warnings: frozenset[str] = frozenset()
    unnamed: frozenset[str] = field(default=frozenset())


def judge(spark: SparkSession, kind: str, lines: Sequence[bytes]) -> list[tuple[Verdict, Row]]:
    """Judge lines by Spark in one job: the verdict, the columns, what is kept and the line written from the columns."""
    records, rules = KINDS[kind], RULES[kind]
    frame = frame_of(spark, [(bytearray(line), place) for place, line in enumerate(lines)], "line binary, place int")
    parsed = rules.parse(frame.select(F.col("line").cast("string"), "place"))
    warned = [F.when(condition, name) for name, condition in rules.warnings().items()]
    found = parsed.select(
        "place",
        rejection_reason(records, rules.reasons(RUN_DATE)).alias("reason"),
        F.array_compact(F.array(*warned)).alias("warnings"),
        "unnamed",
        "row_key",
        "sensitive_key",
        *_columns(records),
        F.struct(*(value.alias(name) for name, value in rules.kept().items())).alias("kept"),
        rules.written.line().alias("written"),
        rules.written.is_the_line().alias("is_written"),
    )
    return [(_verdict(row), row) for row in sorted(found.collect(), key=lambda row: row.place)]


def _columns(records: Records) -> list[Any]:
    # As texts: Python has no year 10000.
    return [F.col(one.column).cast("string").alias(one.column) for one in records.fields]


def _verdict(row: Row) -> Verdict:
    if row.reason:
        return Verdict(row.reason)
    return Verdict(None, frozenset(row.warnings), frozenset(row.unnamed or ()))
