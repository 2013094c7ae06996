"""What a suite expects is counted in one pass, as Great Expectations would count it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import great_expectations.expectations as gxe
import pytest
from great_expectations import ExpectationSuite
from great_expectations.expectations.row_conditions import Column
from pyspark.sql import SparkSession

from include.expectations.checkpoint import validate
from include.expectations.counting import counted
from include.expectations.table import Table
from tests.frames import frame_of

SCHEMA = "a string, b long, at timestamp"
NOON = datetime(2009, 5, 4, 12, tzinfo=UTC)
ROWS = [("x", 1, NOON), ("yy", 2, NOON), ("yy", None, None)]


def suite(*expectations: gxe.Expectation) -> ExpectationSuite:
    for number, one in enumerate(expectations):
        one.description = f"claim {number}"
    return ExpectationSuite("rows", expectations=list(expectations))


@pytest.mark.parametrize(
    ("expectation", "unmet"),
    [
        (gxe.ExpectTableColumnsToMatchOrderedList(column_list=["a", "b", "at"]), 0),
        (gxe.ExpectColumnValuesToBeOfType(column="b", type_="LongType"), 0),
        (gxe.ExpectTableRowCountToEqual(value=5), 2),
        (gxe.ExpectTableRowCountToBeBetween(min_value=4), 1),
        (gxe.ExpectColumnMinToBeBetween(column="b", min_value=2), 1),
        (gxe.ExpectColumnMinToBeBetween(column="b", min_value=1), 0),
        (gxe.ExpectColumnSumToBeBetween(column="b", min_value=3, max_value=3), 0),
        (gxe.ExpectColumnSumToBeBetween(column="b", min_value=4, max_value=4), 1),
        (gxe.ExpectColumnValuesToNotBeNull(column="b"), 1),
        (gxe.ExpectColumnValuesToNotBeNull(column="b", row_condition=Column("a").is_in(["x"])), 0),
        (gxe.ExpectColumnValuesToNotBeNull(column="b", row_condition=Column("a").is_in(["yy", "z"])), 1),
        (gxe.ExpectColumnValuesToBeUnique(column="a"), 1),
        (gxe.ExpectColumnValuesToBeBetween(column="b", min_value=1, max_value=2, strict_max=True), 1),
        (gxe.ExpectColumnValuesToBeBetween(column="at", min_value=NOON), 0),
        (gxe.ExpectColumnValuesToBeBetween(column="at", max_value=NOON, strict_max=True), 2),
        (gxe.ExpectColumnValueLengthsToBeBetween(column="a", min_value=1, max_value=1), 2),
        (gxe.ExpectColumnValueLengthsToEqual(column="a", value=2), 1),
        (gxe.ExpectColumnValuesToMatchRegex(column="a", regex="^y"), 1),
        (gxe.ExpectColumnValuesToBeInSet(column="a", value_set=["x"]), 2),
    ],
)
def test_unmet_rows_are_counted(spark: SparkSession, expectation: Any, unmet: int, tmp_path: Path) -> None:
    rows, expected = frame_of(spark, ROWS, SCHEMA), suite(expectation)
    counts = counted(rows, expected)
    assert counts
    assert counts.rows.to_numpy().tolist() == [[unmet]]  # type: ignore[union-attr]
    result = validate("check", Table(rows, expected), date(2009, 5, 4), str(tmp_path))
    assert result.success is (unmet == 0)


@pytest.mark.parametrize(
    "expectation",
    [
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=["a", "at", "b"]),
        gxe.ExpectColumnValuesToBeOfType(column="c", type_="LongType"),
        gxe.ExpectColumnValuesToNotBeNull(column="b", row_condition=Column("a") != "x"),
        gxe.ExpectColumnValuesToBeUnique(column="b", row_condition=Column("a").is_in(["x"])),
        gxe.ExpectColumnMedianToBeBetween(column="b", min_value=1),
    ],
)
def test_what_counts_cannot_tell_is_left(spark: SparkSession, expectation: Any) -> None:
    assert counted(frame_of(spark, ROWS, SCHEMA), suite(expectation)) is None


def test_table_without_rows_has_no_minimum(spark: SparkSession) -> None:
    counts = counted(frame_of(spark, [], SCHEMA), suite(gxe.ExpectColumnMinToBeBetween(column="b", min_value=1)))
    assert counts
    assert counts.rows.to_numpy().tolist() == [[1]]  # type: ignore[union-attr]


def test_good_table_is_judged_by_counts_alone(spark: SparkSession, tmp_path: Path) -> None:
    table = Table(frame_of(spark, ROWS, SCHEMA), suite(gxe.ExpectColumnValuesToNotBeNull(column="a")))
    result = validate("check", table, date(2009, 5, 4), str(tmp_path))
    (validation,) = result.run_results.values()
    assert [one.expectation_config.type for one in validation.results] == ["expect_column_max_to_be_between"]
