"""What is counted over the whole log and its duplicates: warnings that only other records show, and unnamed fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.contract import ROW_KEY, UNNAMED_FIELDS, LogContract, Records
from spark_jobs.lake.tries import read
from spark_jobs.shared.log_tables import DUPLICATES, kind_table
from spark_jobs.shared.rules import flag_across_of

# Of the names that a contract lacks.
NAMES_KEPT = 100
_RECORD = ("kind", "owner", ROW_KEY)


def count_across(spark: SparkSession, log: LogContract, snapshots: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Count the records of a log by kind and by each warning that others show, duplicates too. Runs Spark.

    `snapshots` are those of the accepted records of each kind and of DUPLICATES, where the log has that: elsewhere
    no duplicate counts.
    """
    flagged = flag_across_of(log)({kind.name: _accepted(spark, log, kind, snapshots) for kind in log.kinds})
    named = [(kind, name, flagged[kind.name][name]) for kind in log.kinds for name in kind.across_warnings]
    if DUPLICATES.name in snapshots:
        rows = [_named(records, kind, F.lit(name)) for kind, name, records in named]
        found = _counted(rows, read(spark, log.name, DUPLICATES, snapshots[DUPLICATES.name])).collect()
    else:
        sums = [_summed(records, kind, name) for kind, name, records in named]
        found = reduce(DataFrame.unionByName, sums).collect()
    of_warning = {(row.kind, row.name): row.records for row in found}
    return {
        kind.name: {name: of_warning.get((kind.name, name), 0) for name in kind.across_warnings} for kind in log.kinds
    }


def count_unnamed(spark: SparkSession, log: LogContract, snapshots: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Count the records of a log, duplicates too, by kind and by each name that the contract lacks. Runs Spark.

    Of each kind only the first NAMES_KEPT names, in their order. `snapshots` as for `count_across`.
    """
    rows = []
    for kind in log.kinds:
        named = _accepted(spark, log, kind, snapshots).where(F.col(UNNAMED_FIELDS).isNotNull())
        owned = named.withColumn("owner", F.col(log.owner_of(kind)))
        rows.append(_named(owned, kind, F.explode(UNNAMED_FIELDS)))
    counted = _counted(rows, read(spark, log.name, DUPLICATES, snapshots[DUPLICATES.name]))
    in_order = counted.withColumn("place", F.row_number().over(W.partitionBy("kind").orderBy("name")))
    found = in_order.where(F.col("place") <= NAMES_KEPT).orderBy("kind", "name").collect()
    return {kind.name: {row.name: row.records for row in found if row.kind == kind.name} for kind in log.kinds}


def _accepted(spark: SparkSession, log: LogContract, kind: Records, snapshots: Mapping[str, int]) -> DataFrame:
    return read(spark, log.name, kind_table(log, kind), snapshots[kind.name])


def _counted(rows: Sequence[DataFrame], duplicates: DataFrame) -> DataFrame:
    """Count `_named` rows by kind and name: each once, and once more for each of its duplicates."""
    more = duplicates.groupBy(*_RECORD).agg(F.sum("records").alias("more"))
    # The key is unique on the right.
    found = reduce(DataFrame.unionByName, rows).join(more, on=list(_RECORD), how="left")
    return found.groupBy("kind", "name").agg(F.sum(1 + F.coalesce("more", F.lit(0))).alias("records"))


def _summed(records: DataFrame, kind: Records, name: str) -> DataFrame:
    total = F.coalesce(F.sum("records"), F.lit(0)).alias("records")
    return records.agg(total).select(F.lit(kind.name).alias("kind"), F.lit(name).alias("name"), "records")


def _named(rows: DataFrame, kind: Records, name: Column) -> DataFrame:
    return rows.select(F.lit(kind.name).alias("kind"), name.alias("name"), "owner", ROW_KEY)
