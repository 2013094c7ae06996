"""The Spark session of a job: only what its answer depends on is set here, the rest is the deployment's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession, is_remote

from spark_jobs.shared.lake import Lake
from spark_jobs.shared.object_store import input_settings

# Spark's own name for the Python of its processes.
PYTHON = "PYSPARK_PYTHON"

SETTINGS = {
    # Timestamps are read, shown and written in UTC, in every zone of the machine.
    "spark.sql.session.timeZone": "UTC",
    # Spark drops what it finds to be empty on the way, the counts of it included; a count of 0 is a count.
    "spark.sql.adaptive.optimizer.excludedRules": "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation",
    # Of many small files a task reads many: by default each counts as 4 MiB, and 10,000 of them would be 300 tasks.
    "spark.sql.files.openCostInBytes": str(256 * 1024),
    # A path without a scheme is a local file, also where the machine's Hadoop configuration says otherwise.
    "spark.hadoop.fs.defaultFS": "file:///",
    # A file that cannot be read to its end fails the job, also where the deployment's Spark would skip it.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    # A flipped bit in a page of Parquet is seen, also where no file system keeps sums of its own.
    "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
    # Rows that are kept go to disk for seconds: trying out how to make each column small costs more than it saves.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # Spark sums up sorted rows in their order and in one step, rather than by hash and in two.
    "spark.sql.execution.replaceHashWithSortAgg": "true",
    # Java compiles no longer method, and Spark's code for many fields would be interpreted: three times the CPU.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    # Buckets are by hash, so what a join finds while it runs leaves out none of them. To plan for that, Spark writes
    # out what a column is made of, again and again: of JSON lines that took gigabytes.
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    # Where sets and lists are made by hash, more than 128 of them are no reason to sort everything instead.
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "10000000",
}


@contextmanager
def spark_session(
    app_name: str, lake: Lake | None = None, settings: Mapping[str, Any] | None = None
) -> Iterator[SparkSession]:
    """Open a session with our settings, which knows a lake; the rest is what is given here, and to `spark-submit`."""
    # What a job runs in Python, Spark's own processes run too; they have other packages than this one by PATH alone.
    os.environ.setdefault(PYTHON, sys.executable)
    ours = SETTINGS | input_settings() | (lake.catalog.spark_settings() if lake else {})
    spark = SparkSession.builder.config(map={**(settings or {}), **ours}).appName(app_name).getOrCreate()
    try:
        if is_remote():
            # Some 25 seconds; by default it is ten minutes.
            _take_for_dead_after(spark, tries=8)
        yield spark
    finally:
        if is_remote():
            # A server that is gone has been waited for.
            _take_for_dead_after(spark, tries=2)
        spark.stop()


def _take_for_dead_after(spark: SparkSession, tries: int) -> None:
    """Have a client take a Connect server for dead once so many tries to ask it have failed."""
    # Not above: a Spark that is embedded need not have it.
    from pyspark.sql.connect.client.retries import DefaultPolicy

    # Spark's own class of sessions is another over Connect.
    client: Any = spark.client  # type: ignore[operator]
    client.set_retry_policies([DefaultPolicy(max_retries=tries, max_backoff=5000)])
