"""A task reads a bucket, or pieces of about one size where that is asked for."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.reading import read_in_pieces
from spark_jobs.lake.tries import read
from tests.spark_jobs.lake.days import NAMESPACE, PLAYS, a_try, plays


@pytest.fixture
def snapshot(spark: SparkSession, lake: LakeCatalog) -> int:
    """Rows of many users: both buckets have some."""
    return a_try(lake).replace(plays(spark, *((f"user {number}", 1) for number in range(20))), PLAYS)


def tasks(spark: SparkSession, snapshot: int) -> int:
    """How many tasks read rows."""
    # Iceberg knows no bucket where nobody looks at its column.
    rows = read(spark, NAMESPACE, PLAYS, snapshot).where(F.length("user_id") > 0)
    return rows.select(F.spark_partition_id()).distinct().count()


def test_small_buckets_are_one_piece(spark: SparkSession, snapshot: int) -> None:
    assert tasks(spark, snapshot) == 2
    with read_in_pieces(spark):
        assert tasks(spark, snapshot) == 1


def test_buckets_are_read_whole_again(spark: SparkSession, snapshot: int) -> None:
    with pytest.raises(ValueError, match="fails"), read_in_pieces(spark):
        raise ValueError("fails")
    assert tasks(spark, snapshot) == 2
