"""The Spark session of a job: only what its answer depends on is set here, the rest is the deployment's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from spark_jobs.shared.spans import MOST_USERS

SETTINGS = {
    # Declaring the listens' buckets as a table makes Spark create its warehouse, by default in the working directory.
    "spark.sql.warehouse.dir": f"file:{tempfile.gettempdir()}/spark-warehouse",
    # Timestamps are read, shown and written in UTC whatever the machine's zone.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Spark drops what it finds to be empty on the way, the counts of it included; a count of 0 is a count.
    "spark.sql.adaptive.optimizer.excludedRules": "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation",
    # The session job trusts the buckets and their sort order that the listens were written with, one file a bucket.
    "spark.sql.sources.bucketing.autoBucketedScan.enabled": "false",
    "spark.sql.legacy.bucketedTableScan.outputOrdering": "true",
    # Of many small files a task reads many: by default each counts as 4 MiB, and 10,000 of them would be 300 tasks.
    "spark.sql.files.openCostInBytes": str(256 * 1024),
    # A path without a scheme is a local file, whatever the Hadoop configuration of the machine says.
    "spark.hadoop.fs.defaultFS": "file:///",
    # A file that cannot be read to its end fails the job, whatever the deployment's Spark would rather do.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    # A flipped bit in a page of Parquet is seen, also where no file system keeps sums of its own.
    "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
    # What is sorted by its key is summed up in that order and at once, not by hash and in two steps.
    "spark.sql.execution.replaceHashWithSortAgg": "true",
    # Where sets and lists are made by hash, more than 128 of them are no reason to sort everything instead.
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "10000000",
    # Where many users are asked for, each is looked up in the statistics of a file's pages, not the range they span.
    "spark.sql.parquet.pushdown.inFilterThreshold": str(MOST_USERS),
    # One open file for each outcome a line can have: without it, Spark sorts the listens again by outcome.
    "spark.sql.maxConcurrentOutputFileWriters": "16",
}


@contextmanager
def spark_session(app_name: str) -> Iterator[SparkSession]:
    """Open a session with our settings; master, memory and jars are what `spark-submit` was given."""
    builder = SparkSession.builder.appName(app_name)
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
