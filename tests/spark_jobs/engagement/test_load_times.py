from __future__ import annotations

from typing import Any

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.engagement.load_times import load_counts, load_percentiles
from spark_jobs.engagement.tables import LOAD_TIMES
from tests.frames import frame_of
from tests.notes_frames import day, interactions, rows_of

COUNTS = "app_version string, date date, load_ms int, records bigint"
MAY, LATER, AFTER = day("05-01"), day("05-02"), day("05-03")


def percentiles(spark: SparkSession, counts: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return rows_of(LOAD_TIMES, load_percentiles(frame_of(spark, counts, COUNTS), LATER))


def test_values_are_counted_where_there_is_one(spark: SparkSession) -> None:
    rows = [
        {"occurred_at": time, "load_ms": load, "app_version": version, "user_id": "ann"}
        for time, load, version in (
            ("05-01", 7, "1.0.0"),
            ("05-01T23:59:59.999", 7, "1.0.0"),
            ("05-02", 7, "1.0.0"),
            ("05-02", 0, "1.10.0"),
            ("05-02", None, "1.2.0"),
        )
    ]
    found = load_counts(interactions(spark, *rows)).select("app_version", "date", "load_ms", "records").collect()
    assert sorted(map(tuple, found)) == [
        ("1.0.0", MAY, 7, 2),
        ("1.0.0", LATER, 7, 1),
        ("1.10.0", LATER, 0, 1),
    ]


def test_percentiles_need_their_number_of_values(spark: SparkSession) -> None:
    upto = [("1.0.0", MAY, value, 1) for value in range(1, 20)]
    one_more = [("1.1.0", LATER, value, 1) for value in range(1, 21)]
    assert percentiles(spark, [*upto, *one_more]) == [
        # Of a day, of all versions.
        (None, MAY, 19, 10.0, None, None),
        (None, LATER, 20, 10.5, 19.05, None),
        ("1.0.0", None, 19, 10.0, None, None),
        ("1.0.0", MAY, 19, 10.0, None, None),
        ("1.1.0", None, 20, 10.5, 19.05, None),
        ("1.1.0", LATER, 20, 10.5, 19.05, None),
    ]


def test_days_end_with_the_run_date(spark: SparkSession) -> None:
    found = percentiles(spark, [("1.0.0", LATER, 10, 1), ("1.0.0", AFTER, 20, 1)])
    assert found == [
        (None, LATER, 1, 10.0, None, None),
        ("1.0.0", None, 2, 15.0, None, None),
        ("1.0.0", LATER, 1, 10.0, None, None),
    ]


def test_percentiles_are_those_of_numpy(spark: SparkSession) -> None:
    random = np.random.default_rng(7)
    values = {
        f"1.{number}.0": random.integers(0, number * 3 + 1, size).tolist()
        for number, size in enumerate([1, 2, 20, 21, 99, 100, 101, 1000, 12_345])
    }
    counts = [
        (version, MAY, load, all_values.count(load))
        for version, all_values in values.items()
        for load in sorted(set(all_values))
    ]
    found = load_percentiles(frame_of(spark, counts, COUNTS), LATER).where(F.col("date").isNull()).collect()
    for row in found:
        for percent, fewest in ((50, 1), (95, 20), (99, 100)):
            expected = float(np.percentile(values[row.app_version], percent))
            known = len(values[row.app_version]) >= fewest
            assert row[f"p{percent}_ms"] == (round(expected, 2) if known else None)
    assert len(found) == len(values)
