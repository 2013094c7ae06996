"""Tags of Spark's jobs, by which others tell what a job is for: in Spark's event log, and in its web API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

# Of the jobs that judge records and write them.
JUDGES = "pipeline_judges"


@contextmanager
def tagged(spark: SparkSession, tag: str) -> Iterator[None]:
    """Give all jobs a tag that this thread starts meanwhile."""
    spark.addTag(tag)
    try:
        yield
    finally:
        spark.removeTag(tag)
