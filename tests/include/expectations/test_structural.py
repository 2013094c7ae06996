"""What a contract alone says of accepted records is held against them; each kind of expectation is seen to fail."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from great_expectations import ExpectationSuite
from pyspark.sql import SparkSession

from include.expectations import structural
from spark_jobs.contract import Plausible, Reason, Records
from spark_jobs.fields import Choice, Day, Field, Integer, IpAddress, Money, Text, Time, Url, Uuid
from spark_jobs.shared.spark_schema import spark_schema
from tests.frames import frame_of
from tests.include.expectations.listening.judging import RUN_DATE, failed

UUID = "f1b1cf71-bd35-4e99-8624-24a6e15f133a"
FIELDS = (
    Field("id", Uuid()),
    Field("kind", Choice(("VIEW", "SEARCH"))),
    Field("at", Time(), stored_as="happened_at"),
    Field("query", Text(longest=5), required=("SEARCH",)),
    Field("version", Text(longest=4, pattern="[0-9]+"), required=False),
    Field("url", Url(longest=4), required=False),
    Field("count", Integer(1, 9), required=False),
    Field("price", Money(digits=2), required=False),
    Field("address", IpAddress(), required=False, sensitive=True),
    Field("mail", Text(longest=3), required=False, sensitive=True),
    Field("phone", Text(), required=("SEARCH",), sensitive=True),
)
VISITS = Records(
    "visits",
    fields=FIELDS,
    reasons=(Reason("duplicate", "Another one."),),
    same=("id",),
    time="happened_at",
    plausible=Plausible(since=date(2002, 1, 1)),
    type_field="kind",
)
GOOD: dict[str, Any] = {
    "id": UUID,
    "kind": "VIEW",
    "happened_at": datetime(2009, 5, 4, 12, tzinfo=UTC),
    "query": None,
    "version": "12",
    "url": "/a/b",
    "count": 9,
    "price": Decimal("99.99"),
    "address": "a hash",
    "mail": "a hash",
    "phone": None,
}


def unmet(spark: SparkSession, directory: Path, *changes: dict[str, Any], of: Records = VISITS) -> list[str]:
    """What does not hold for the good record with these changes, one record each."""
    rows = [tuple((GOOD | change)[one.column] for one in of.fields) for change in changes]
    suite = ExpectationSuite(of.name, expectations=structural.accepted(of, RUN_DATE, len(rows)))
    found = failed(frame_of(spark, rows, spark_schema(of)), suite, directory)
    assert {severity for severity, _ in found} <= {"critical"}
    return [sentence.partition("expected: ")[2].partition("; found")[0] for _, sentence in found]


def test_records_at_every_limit_are_met(spark: SparkSession, tmp_path: Path) -> None:
    last_second = datetime(2009, 5, 5, 23, 59, 59, tzinfo=UTC)
    nulls = dict.fromkeys(("version", "url", "count", "price", "address", "mail"))
    search = {"kind": "SEARCH", "query": "12345", "count": 1, "price": Decimal("0.00"), "happened_at": last_second}
    assert unmet(spark, tmp_path, {}, nulls, search) == []


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"id": None}, "id is never null"),
        ({"id": UUID[1:]}, "id is a UUID"),
        ({"kind": "view"}, "kind is one of VIEW, SEARCH"),
        ({"kind": "SEARCH"}, "query is not null on SEARCH"),
        ({"query": "123456"}, "query is a text of at most 5 characters"),
        ({"version": "12\n"}, "version is a text of at most 4 characters"),
        ({"url": "/a/bc"}, "url is a text of at most 4 characters"),
        ({"count": 10}, "count is a whole number from 1 to 9"),
        ({"price": Decimal("-0.01")}, "price is an amount of at most 2 digits before the point and 2 after"),
        (
            {"happened_at": datetime(2009, 5, 6, tzinfo=UTC)},
            "happened_at is from 2002-01-01 on and before 2009-05-06",
        ),
        (
            {"happened_at": datetime(2001, 12, 31, 23, 59, 59, tzinfo=UTC)},
            "happened_at is from 2002-01-01 on and before 2009-05-06",
        ),
    ],
)
def test_value_beyond_the_contract_is_named(
    spark: SparkSession, tmp_path: Path, change: dict[str, Any], claim: str
) -> None:
    assert unmet(spark, tmp_path, {}, change) == [claim]


def test_days_are_compared_as_days(spark: SparkSession, tmp_path: Path) -> None:
    users = Records(
        "users",
        fields=(Field("joined", Day()),),
        reasons=VISITS.reasons,
        same=("joined",),
        time="joined",
        plausible=VISITS.plausible,
    )
    assert unmet(spark, tmp_path, {"joined": date(2009, 5, 5)}, of=users) == []
    late = unmet(spark, tmp_path, {"joined": date(2009, 5, 6)}, of=users)
    assert late == ["joined is from 2002-01-01 on and before 2009-05-06"]


def test_lost_record_is_named(spark: SparkSession, tmp_path: Path) -> None:
    rows = frame_of(spark, [tuple(GOOD.values())], spark_schema(VISITS))
    suite = ExpectationSuite("visits", expectations=structural.accepted(VISITS, RUN_DATE, 2))
    ((_, sentence),) = failed(rows, suite, tmp_path)
    assert sentence.startswith("visits: expected: every accepted record is there; found 1")
