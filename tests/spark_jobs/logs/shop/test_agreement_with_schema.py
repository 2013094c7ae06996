"""Spark's verdict on a line is that of `jsonschema` by the exported schema: reason for reason, warning for warning."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.spark_jobs.logs.shop.records import GOOD, KINDS, Verdict, judge, line_of, texts_of
from tests.spark_jobs.logs.shop.schema_verdict import verdict_of
from tests.spark_jobs.logs.shop.strategies import BLANKS, LINES, OTHERS, lines, odd_values

# What no schema says: an item needs no name that is not blank, and no sum and no time is compared.
BEYOND_SCHEMAS = {"inconsistent_total"}


def of_schemas(verdict: Verdict) -> Verdict:
    reason = None if verdict.reason == "implausible_time" else verdict.reason
    return Verdict(reason, verdict.warnings - BEYOND_SCHEMAS, verdict.unnamed)


def assert_agree(spark: SparkSession, kind: str, found: list[bytes]) -> None:
    verdicts = [verdict for verdict, _ in judge(spark, kind, found)]
    different = [
        (line, expected, verdict)
        for line, verdict in zip(found, verdicts, strict=True)
        if of_schemas(verdict) != (expected := verdict_of(kind, line)) and verdict.reason != "implausible_time"
    ]
    assert different == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_odd_value_is_judged_alike(spark: SparkSession, kind: str) -> None:
    good = texts_of(GOOD[kind])
    texts = [good | {one.name: text} for one in KINDS[kind].fields for text in (*odd_values(one), *BLANKS, *OTHERS)]
    texts += [{name: text for name, text in good.items() if name != one.name} for one in KINDS[kind].fields]
    forms = (form(line_of(good, *spaces)) for form in LINES.values() for spaces in ((",", ":"), (", ", ": ")))
    assert_agree(spark, kind, [*chain(map(line_of, texts), forms)])


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_broken_records_are_judged_alike(spark: SparkSession, kind: str, data: st.DataObject) -> None:
    assert_agree(spark, kind, data.draw(st.lists(lines(kind), min_size=1, max_size=60)))
