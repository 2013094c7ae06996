from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs.engagement.tables import ACTIVE_DAYS, POWER_USERS
from spark_jobs.engagement.use import active_days, power_users, recent_use
from tests.frames import frame_of
from tests.notes_frames import day, interactions

SECOND, HOUR = 1000, 3_600_000
RUN_DATE = day("03-28")
USE = "user_id string, active_ms bigint, active_days int"
# Interactions of a user (time, duration in milliseconds, more), and his active time and days.
CASES: dict[str, tuple[list[tuple[Any, ...]], tuple[int, int] | None]] = {
    "all of it counts before a pause": ([("03-28T12:00", 5 * SECOND), ("03-28T13:00", 0)], (5 * SECOND, 1)),
    "the next interaction cuts it": ([("03-28T12:00:00", 5 * SECOND), ("03-28T12:00:02.500", 0)], (2500, 1)),
    "an unknown duration is 0, and cuts": ([("03-28T12:00:00", 5 * SECOND), ("03-28T12:00:01", None)], (SECOND, 1)),
    "that of the next day cuts the run date's": (
        [("03-28T23:59:59", 5 * SECOND), ("03-29T00:00:00.001", HOUR)],
        (1001, 1),
    ),
    "that of the next day does not count": ([("03-29", HOUR)], None),
    "the first of 28 days counts": ([("03-01", SECOND), ("03-28", SECOND)], (2 * SECOND, 2)),
    "the day before does not, though it lasts": ([("02-29T23:59:59.999", HOUR), ("03-02", SECOND)], (SECOND, 1)),
    "midnight parts no interaction": ([("03-02T23:59", HOUR), ("03-03T12:00", 0)], (HOUR, 2)),
    "of equal times the last one lasts": (
        [("03-02", SECOND, {"action_type": "edit"}), ("03-02", HOUR, {"action_type": "page_view"})],
        (SECOND, 1),
    ),
    "then by page": ([("03-02", SECOND, {"page_id": "b"}), ("03-02", HOUR, {"page_id": "a"})], (SECOND, 1)),
    "then by duration": ([("03-02", SECOND), ("03-02", HOUR), ("03-02", None)], (HOUR, 1)),
}


@pytest.fixture(scope="module")
def use(spark: SparkSession) -> dict[str, tuple[int, int]]:
    """The active time and days of each case, which is a user."""
    rows = [
        {"user_id": user, "occurred_at": time, "duration_ms": duration} | dict(*more)
        for user, (events, _) in CASES.items()
        for time, duration, *more in events
    ]
    found = recent_use(interactions(spark, *rows), RUN_DATE).collect()
    return {row.user_id: (row.active_ms, row.active_days) for row in found}


@pytest.mark.parametrize(("name", "expected"), [(name, expected) for name, (_, expected) in CASES.items()])
def test_active_time_is_cut_by_the_next(use: dict[str, Any], name: str, expected: tuple[int, int] | None) -> None:
    assert use.get(name) == expected


def test_each_number_of_days_has_a_row(spark: SparkSession) -> None:
    rows = frame_of(spark, [("ann", 1, 2), ("bob", 0, 2), ("cid", 1, 28)], USE)
    found = active_days(rows).select(*ACTIVE_DAYS.schema.fieldNames()).orderBy("active_days").collect()
    assert [tuple(row) for row in found] == [(n, {2: 2, 28: 1}.get(n, 0)) for n in range(1, 29)]


def top(spark: SparkSession, hours: list[int]) -> list[tuple[Any, ...]]:
    """The power users among users of so many hours each, and of 99 a hundred times as many, of no time."""
    idle = [(f"idle{number}", 0, 1) for number in range(99)]
    users = [(f"u{number:03}", n * HOUR, 3) for number, n in enumerate(hours)]
    found = power_users(frame_of(spark, [*users, *idle], USE))
    assert [found.schema[name].dataType for name in POWER_USERS.schema.fieldNames()] == [
        field.dataType for field in POWER_USERS.schema
    ]
    rows = found.select(*POWER_USERS.schema.fieldNames()).orderBy("rank", "user_id").collect()
    return [tuple(row) for row in rows]


def test_power_users_keep_ties_and_rank_alike(spark: SparkSession) -> None:
    # 301 users: four of them. The last two tie.
    total = 40 + 30 + 30 + 20 + 20 + 296
    assert top(spark, [40, 30, 30, 20, 20, *[1] * 296]) == [
        (1, "u000", 40.0, 3, 40 / total),
        (2, "u001", 30.0, 3, 30 / total),
        (2, "u002", 30.0, 3, 30 / total),
        (4, "u003", 20.0, 3, 20 / total),
        (4, "u004", 20.0, 3, 20 / total),
    ]


def test_one_of_a_hundred_is_a_power_user(spark: SparkSession) -> None:
    assert [row[:2] for row in top(spark, [2, *[1] * 99])] == [(1, "u000")]


def test_nobody_without_active_time_is_a_power_user(spark: SparkSession) -> None:
    assert top(spark, []) == []
