from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from spark_jobs.engagement.activity import activity, user_days
from spark_jobs.engagement.retention import retention
from spark_jobs.engagement.tables import RETENTION
from tests.notes_frames import day, rows_of, visits

# The first of January is a Monday, the seventh a Sunday.
DAYS = {"ann": "01-01 01-07", "bob": "01-07 01-21", "cid": "01-08 01-14"}


def cohorts(spark: SparkSession, days: dict[str, str], run_date: str) -> list[tuple[Any, ...]]:
    active = activity(user_days(visits(spark, days), day(run_date)))
    return rows_of(RETENTION, retention(active, day(run_date)))


def not_over(week: str, weeks: range, size: int, is_first: bool) -> list[tuple[Any, ...]]:
    return [(day(week), number, size, None, None, is_first) for number in weeks]


def test_weeks_begin_on_monday_and_end_on_sunday(spark: SparkSession) -> None:
    assert cohorts(spark, DAYS, "01-21") == [
        (day("01-01"), 0, 2, 2, 2, True),
        # Bob comes back after this week.
        (day("01-01"), 1, 2, 0, 1, True),
        (day("01-01"), 2, 2, 1, 1, True),
        *not_over("01-01", range(3, 27), 2, True),
        (day("01-08"), 0, 1, 1, 1, False),
        (day("01-08"), 1, 1, 0, 0, False),
        *not_over("01-08", range(2, 27), 1, False),
    ]


def test_week_without_its_sunday_is_null(spark: SparkSession) -> None:
    assert cohorts(spark, DAYS, "01-20") == [
        (day("01-01"), 0, 2, 2, 2, True),
        (day("01-01"), 1, 2, 0, 0, True),
        *not_over("01-01", range(2, 27), 2, True),
        (day("01-08"), 0, 1, 1, 1, False),
        *not_over("01-08", range(1, 27), 1, False),
    ]


def test_week_after_the_last_counts_as_after(spark: SparkSession) -> None:
    # The 8th of July is the Monday of week 27.
    found = cohorts(spark, {"ann": "01-01 07-08", "bob": "01-01"}, "07-14")
    assert [row[3:5] for row in found] == [(2, 2), *[(0, 1)] * 26]
