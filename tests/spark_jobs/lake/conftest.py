"""A lake of one's own for every test, and a Spark session that knows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog
from tests.spark_jobs.lake.days import NAMESPACE, TABLES


@pytest.fixture
def lake(tmp_path: Path) -> LakeCatalog:
    """A lake with the tables of the days, empty."""
    lake = LakeCatalog(str(tmp_path / "a lake"))
    with lake.open() as catalog:
        tables.prepare(catalog, NAMESPACE, TABLES, buckets=2)
    return lake


@pytest.fixture
def spark(spark: SparkSession, lake: LakeCatalog) -> SparkSession:
    """A session of its own: a catalog is as it was when a session first used it."""
    session = spark.newSession()
    for key, value in lake.spark_settings().items():
        session.conf.set(key, value)
    return session
