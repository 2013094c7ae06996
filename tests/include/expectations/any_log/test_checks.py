"""The checks of a log that has none of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from include.expectations.any_log.checks import repeated_events
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.spark_schema import spark_schema
from tests.frames import frame_of

AT = datetime(2009, 5, 4, 12, tzinfo=UTC)


def columns() -> T.StructType:
    return spark_schema(NOTES.events)


def row(**values: object) -> tuple[object, ...]:
    known = {"user_id": "u", NOTES.events.time: AT, "action_type": "edit", "page_id": "p"} | values
    return tuple(known.get(name) for name in columns().fieldNames())


def test_repeated_event_is_found_whatever_its_nulls(spark: SparkSession) -> None:
    rows = [row(duration_ms=5), row(duration_ms=5), row(duration_ms=5)]
    assert repeated_events(frame_of(spark, rows, columns()), NOTES).count() == 2


def test_value_in_another_column_is_another_event(spark: SparkSession) -> None:
    rows = [row(duration_ms=5), row(load_ms=5), row(), row(duration_ms=5, user_id="v")]
    assert repeated_events(frame_of(spark, rows, columns()), NOTES).count() == 0
