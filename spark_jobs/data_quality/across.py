"""Warnings that only other records show: counted when the tables are written, over the whole log and its duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import ROW_KEY, LogContract
from spark_jobs.lake.tries import read
from spark_jobs.shared.log_tables import DUPLICATES, kind_table
from spark_jobs.shared.rules import flag_across_of

_RECORD = ("kind", "owner", ROW_KEY)


def count_across(spark: SparkSession, log: LogContract, snapshots: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Count the records of a log by kind and by each warning that others show, duplicates too. Runs Spark.

    `snapshots` are those of the accepted records of each kind and of DUPLICATES.
    """
    accepted = {
        records.name: read(spark, log.name, kind_table(log, records), snapshots[records.name]) for records in log.kinds
    }
    flagged = flag_across_of(log)(accepted)
    rows = [_named(flagged[kind.name][name], kind.name, name) for kind in log.kinds for name in kind.across_warnings]
    again = read(spark, log.name, DUPLICATES, snapshots[DUPLICATES.name])
    more = again.groupBy(*_RECORD).agg(F.sum("records").alias("more"))
    # The key is unique on the right.
    counted = reduce(DataFrame.unionByName, rows).join(more, on=list(_RECORD), how="left")
    found = counted.groupBy("kind", "warning").agg(F.sum(1 + F.coalesce("more", F.lit(0))).alias("records")).collect()
    of_warning = {(row.kind, row.warning): row.records for row in found}
    return {
        kind.name: {name: of_warning.get((kind.name, name), 0) for name in kind.across_warnings} for kind in log.kinds
    }


def _named(rows: DataFrame, kind: str, warning: str) -> DataFrame:
    return rows.select(F.lit(kind).alias("kind"), F.lit(warning).alias("warning"), "owner", ROW_KEY)
