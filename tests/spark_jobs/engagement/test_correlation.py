from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from scipy.stats import spearmanr

from spark_jobs.engagement.correlation import device_correlation, user_medians
from spark_jobs.engagement.tables import DEVICE_CORRELATION
from tests.frames import frame_of
from tests.notes_frames import interactions, rows_of, users

MEDIANS = "app_version string, user_id string, median_ms double"


def correlations(spark: SparkSession, versions: dict[str, list[tuple[int, float]]]) -> list[tuple[Any, ...]]:
    """The answer for users of a device's year and a median each, by version."""
    each = [
        (version, f"{version}-{number}", year, median)
        for version, pairs in versions.items()
        for number, (year, median) in enumerate(pairs)
    ]
    known = users(spark, *({"user_id": user, "device_year": year} for _, user, year, _ in each))
    stranger = [(version, "stranger", 1.0) for version in versions]
    rows = [(version, user, median) for version, user, _, median in each]
    found = device_correlation(frame_of(spark, [*rows, *stranger], MEDIANS), known)
    return rows_of(DEVICE_CORRELATION, found)


def test_correlation_needs_ten_users_that_differ(spark: SparkSession) -> None:
    newer = [(2010 + number, float(number)) for number in range(10)]
    versions = {
        "1.0.0": newer[:9],
        "1.1.0": newer,
        "1.2.0": [(2010, median) for _, median in newer],
        "1.3.0": [(year, 5.0) for year, _ in newer],
        "1.4.0": [(year, -median) for year, median in newer],
        "1.5.0": [],
    }
    assert correlations(spark, versions) == [
        ("1.0.0", 9, None),
        ("1.1.0", 10, 1.0),
        ("1.2.0", 10, None),
        ("1.3.0", 10, None),
        ("1.4.0", 10, -1.0),
    ]


def test_correlation_with_ties_is_that_of_scipy(spark: SparkSession) -> None:
    random = np.random.default_rng(11)
    sizes = (10, 11, 50, 300, 2000)
    versions = {
        f"1.{size}.0": list(
            zip(
                random.integers(2005, 2005 + 2 + size // 20, size).tolist(),
                (random.integers(0, 2 + size // 5, size) / 2).tolist(),
                strict=True,
            )
        )
        for size in sizes
    }
    found = {version: rho for version, _, rho in correlations(spark, versions)}
    for version, pairs in versions.items():
        assert found[version] == pytest.approx(spearmanr(*zip(*pairs, strict=True)).statistic, abs=1e-9)


def test_median_is_of_one_user_and_version(spark: SparkSession) -> None:
    loads = [("ann", "1.0.0", 1), ("ann", "1.0.0", 4), ("ann", "1.1.0", 9), ("bob", "1.0.0", 3), ("bob", "1.0.0", None)]
    rows = [
        {"user_id": user, "occurred_at": "05-01", "app_version": version, "load_ms": load}
        for user, version, load in loads
    ]
    found = user_medians(interactions(spark, *rows)).select("app_version", "user_id", "median_ms").collect()
    assert sorted(map(tuple, found)) == [("1.0.0", "ann", 2.5), ("1.0.0", "bob", 3.0), ("1.1.0", "ann", 9.0)]
