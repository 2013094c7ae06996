"""The filter keeps every listen within the intervals; it may let others through."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared.intervals import MOST_RANGES, MOST_USERS, UserTime, as_intervals, day_ranges, pushdown_filter

DAYS = st.lists(st.dates(date(2009, 1, 1), date(2009, 12, 31)), unique=True, max_size=80)
ONE = timedelta(days=1)
KEY = UserTime("user_id", "listened_at")


@given(DAYS)
def test_day_ranges_cover_all_days_within_maximum(days: list[date]) -> None:
    found = day_ranges(days)
    assert all(any(first <= day <= last for first, last in found) for day in days)
    assert {day for day_range in found for day in day_range} <= set(days)
    in_a_row = sum(day - ONE not in days for day in days)
    assert len(found) == min(in_a_row, MOST_RANGES)


def test_closest_days_become_one_range() -> None:
    far = [date(2009, 1, 1) + 10 * number * ONE for number in range(MOST_RANGES)]
    close = far[3] + 2 * ONE
    assert day_ranges([*far, close]) == [(day, close if day == far[3] else day) for day in far]


def test_users_beyond_the_maximum_are_filtered_by_days(spark: SparkSession, tmp_path: Path) -> None:
    day = datetime(2009, 5, 4, 12, tzinfo=UTC)
    listens = listens_of(spark, [(f"user {number}", day) for number in range(MOST_USERS + 1)])
    listens.unionByName(listens_of(spark, [("another", day), ("user 0", day + 2 * ONE)])).write.parquet(
        str(tmp_path / "listens")
    )
    stored = spark.read.parquet(str(tmp_path / "listens"))
    of_most = as_intervals(listens.where("user_id != 'user 0'"), KEY)
    assert found(stored, of_most) == {(f"user {number}", day) for number in range(1, MOST_USERS + 1)}
    of_all = as_intervals(listens, KEY)
    assert found(stored, of_all) == {(f"user {number}", day) for number in range(MOST_USERS + 1)} | {("another", day)}


def listens_of(spark: SparkSession, rows: list[tuple[str, datetime]]) -> DataFrame:
    return spark.createDataFrame(pd.DataFrame(rows, columns=["user_id", "listened_at"]))


def found(listens: DataFrame, intervals: DataFrame) -> set[tuple[str, datetime]]:
    return {
        (row.user_id, row.listened_at.astimezone(UTC))
        for row in listens.where(pushdown_filter(intervals, KEY)).collect()
    }


def test_days_that_python_lacks_are_found(spark: SparkSession) -> None:
    times = ["0001-01-01T00:00:00+18:00", "1500-03-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-18:00"]
    listens = spark.createDataFrame(pd.DataFrame({"user_id": "ann", "time": times})).select(
        "user_id", F.col("time").cast("timestamp").alias("listened_at")
    )
    assert listens.where(pushdown_filter(as_intervals(listens, KEY), KEY)).count() == len(times)
