from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyspark.sql import SparkSession

from spark_jobs.engagement.activity import activity, user_days
from spark_jobs.engagement.daily import daily_engagement
from spark_jobs.engagement.tables import DAILY_ENGAGEMENT
from tests.notes_frames import day, rows_of, visits


def daily(spark: SparkSession, days: dict[str, str], run_date: str) -> list[tuple[Any, ...]]:
    active = activity(user_days(visits(spark, days), day(run_date)))
    return rows_of(DAILY_ENGAGEMENT, daily_engagement(active, day(run_date)))


def test_windows_include_their_day_and_months_begin_anew(spark: SparkSession) -> None:
    days = {"ann": "01-30 01-30T23:59:59.999 02-02", "bob": "01-31 02-02", "cid": "02-02 02-09"}
    found = daily(spark, days, "02-08")
    assert found == [
        # Day, dau, wau, mau, month to date, stickiness, new, complete.
        (day("01-30"), 1, 1, 1, 1, 1.0, 1, False),
        (day("01-31"), 1, 2, 2, 2, 0.5, 1, False),
        (day("02-01"), 0, 2, 2, 0, 0.0, 0, False),
        (day("02-02"), 3, 3, 3, 3, 1.0, 1, False),
        *((day(f"02-0{number}"), 0, 3, 3, 3, 0.0, 0, False) for number in range(3, 9)),
    ]


def test_user_leaves_each_window_in_time(spark: SparkSession) -> None:
    found = daily(spark, {"ann": "03-01"}, "04-01")
    first = day("03-01")
    assert found == [
        (
            first + timedelta(days=age),
            int(age == 0),
            int(age < 7),
            int(age < 28),
            # March has 31 days.
            int(age < 31),
            None if age >= 28 else float(age == 0),
            int(age == 0),
            # From the 28th day on.
            age >= 27,
        )
        for age in range(32)
    ]


def test_return_in_the_first_week_is_not_new(spark: SparkSession) -> None:
    found = daily(spark, {"ann": "01-01 01-02 01-08"}, "01-08")
    assert [row[6] for row in found] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_log_of_the_day_after_has_no_days(spark: SparkSession) -> None:
    assert daily(spark, {"ann": "02-09"}, "02-08") == []
