"""What must hold for the counts of the doors; events and sessions have the checks of every log."""

from __future__ import annotations

from datetime import date

from great_expectations import ExpectationSuite
from pyspark.sql import SparkSession
from spark_jobs.door_counts.tables import DOOR_COUNTS

from include.expectations.claims import at_least, has_schema, never_null
from include.expectations.table import Snapshots, Table
from spark_jobs.lake.tries import read
from spark_jobs.shared.lake import Lake


def door_counts(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the counts: each door was opened."""
    rows = read(spark, lake.log, DOOR_COUNTS, snapshots[DOOR_COUNTS.name])
    columns = DOOR_COUNTS.schema.fieldNames()
    opened = at_least("passages", 1, "each door was opened")
    expectations = [*has_schema(DOOR_COUNTS.schema), *never_null(*columns), opened]
    return [Table(rows, ExpectationSuite("door_counts", expectations=expectations))]
