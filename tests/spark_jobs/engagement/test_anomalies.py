from __future__ import annotations

from datetime import timedelta
from math import sqrt
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs.engagement.anomalies import anomalies, sessions_by_day
from spark_jobs.engagement.tables import ANOMALIES
from tests.frames import frame_of
from tests.notes_frames import day, rows_of, sessions

FIRST = day("01-01")


def judged(
    spark: SparkSession, users: list[int], starts: dict[int, int] | None = None, loads: dict[int, float] | None = None
) -> list[tuple[Any, ...]]:
    """The answer of a log with so many users a day; of some days, from 0, the sessions and the load times."""
    days = [FIRST + timedelta(days=number) for number in range(len(users))]
    daily = frame_of(spark, list(zip(days, users, strict=True)), "date date, dau bigint")
    begun = frame_of(spark, [(days[n], count) for n, count in (starts or {}).items()], "date date, sessions bigint")
    of_all = [(None, days[n], load) for n, load in (loads or {}).items()]
    of_version = [("1.0.0", days[n], 1.0) for n in range(len(users))]
    percentiles = frame_of(spark, [*of_all, *of_version], "app_version string, date date, p95_ms double")
    return rows_of(ANOMALIES, anomalies(daily, begun, percentiles))


def metric(rows: list[tuple[Any, ...]], name: str) -> list[tuple[Any, ...]]:
    return [row[2:] for row in rows if row[1] == name]


def test_each_day_has_its_values_in_order(spark: SparkSession) -> None:
    found = judged(spark, [5, 0], {1: 7}, {0: 12.05})
    assert found == [
        (FIRST, "dau", 5.0, None, None, None, False, None),
        (FIRST, "p95_load_ms", 12.05, None, None, None, False, None),
        (FIRST, "sessions", 0.0, None, None, None, False, None),
        (FIRST + timedelta(days=1), "dau", 0.0, None, None, None, False, None),
        (FIRST + timedelta(days=1), "p95_load_ms", None, None, None, None, False, None),
        (FIRST + timedelta(days=1), "sessions", 7.0, None, None, None, False, None),
    ]


def test_history_needs_14_values(spark: SparkSession) -> None:
    # From the 14th day on: seven 1 and seven 3.
    found = metric(judged(spark, [*[1, 3] * 7, 9, 2]), "dau")
    deviation = sqrt(14 / 13)
    assert found[13] == (3.0, None, None, None, False, 1.0)
    assert found[14] == pytest.approx((9.0, 2.0, deviation, 7 / deviation, True, 3.0), abs=1e-12)


def test_history_is_28_days_without_its_own(spark: SparkSession) -> None:
    # The 100 of the first day is 29 days before the last one.
    found = metric(judged(spark, [100, *[1, 3] * 14, 2]), "dau")
    assert found[-1] == pytest.approx((2.0, 2.0, sqrt(28 / 27), 0.0, False, 3.0), abs=1e-12)
    assert found[-2][1] == pytest.approx((100 + 14 + 13 * 3) / 28)


def test_constant_history_has_no_z(spark: SparkSession) -> None:
    found = metric(judged(spark, [*[4] * 14, 4, 5]), "dau")
    assert found[14:] == [(4.0, 4.0, 0.0, None, False, 4.0), (5.0, 4.0, 0.0, None, True, 4.0)]


def test_exactly_three_deviations_are_no_anomaly(spark: SparkSession) -> None:
    # The mean is 2, the deviation 1.
    history = [1, 3] * 7 + [2]
    assert metric(judged(spark, [*history, 5]), "dau")[-1] == (5.0, 2.0, 1.0, 3.0, False, 1.0)
    assert metric(judged(spark, [*history, 6]), "dau")[-1] == (6.0, 2.0, 1.0, 4.0, True, 1.0)


def test_days_without_a_load_time_are_no_history(spark: SparkSession) -> None:
    loads = {number: float(number % 2) for number in range(13)} | {20: 1.0, 27: 0.5}
    found = metric(judged(spark, [1] * 28, loads=loads), "p95_load_ms")
    # 13 values before the 21st day, 14 before the 22nd and the last one.
    assert [row[1] is None for row in found] == [True] * 21 + [False] * 7
    assert found[21] == pytest.approx((None, 0.5, sqrt(3.5 / 13), None, False, None), abs=1e-12)
    assert found[27] == pytest.approx((0.5, 0.5, sqrt(3.5 / 13), 0.0, False, 1.0), abs=1e-12)


def test_sessions_count_on_the_day_they_start(spark: SparkSession) -> None:
    rows = sessions(spark, ("ann", "01-01T23:59:59.999", 60.0, 2), ("ann", "01-02", 1.0, 1), ("bob", "01-02", None, 1))
    found = sessions_by_day(rows).select("date", "sessions").collect()
    assert sorted(map(tuple, found)) == [(FIRST, 1), (FIRST + timedelta(days=1), 2)]
