"""Reading what one snapshot has added, tables of few rows, and tables of which a bucket has many more than others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyiceberg.catalog import Catalog
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.catalog import BY_BUCKET
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import read_added


def read_last(spark: SparkSession, catalog: Catalog, namespace: str, table: Table, snapshot: int) -> DataFrame | None:
    """Return the rows that only a snapshot has added to the one before; None if it is there no more."""
    made = catalog.load_table((namespace, table.name)).snapshot_by_id(snapshot)
    if made is None or made.parent_snapshot_id is None:
        return None
    return read_added(spark, namespace, table, made.parent_snapshot_id, snapshot)


def read_here(catalog: Catalog, namespace: str, table: Table, snapshot: int) -> list[dict[str, Any]]:
    """Return the rows of a snapshot that has few, without Spark."""
    return catalog.load_table((namespace, table.name)).scan(snapshot_id=snapshot).to_arrow().to_pylist()


@contextmanager
def read_in_pieces(spark: SparkSession) -> Iterator[None]:
    """Have Spark read tables in pieces of about one size while this is open: a large bucket is several, small ones one.

    What then looks at all rows of a user needs a shuffle.
    """
    spark.conf.set(BY_BUCKET, "false")
    try:
        yield
    finally:
        spark.conf.set(BY_BUCKET, "true")
