"""What is counted over the whole log and its duplicates: warnings that only other records show, and unnamed fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import attrgetter

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
CountsByKind = dict[str, dict[str, int]]


def count_over_log(
    spark: SparkSession, log: LogContract, snapshots: Mapping[str, int], has_unnamed: bool
) -> tuple[CountsByKind, CountsByKind]:
    """Count the records of a log, duplicates too, by each warning that others show, and by each unnamed field.

    Without `has_unnamed` the log has no such field. Of each kind the first NAMES_KEPT are counted, in their order.
    `snapshots` are those of the accepted records of each kind and of DUPLICATES, where the log has that: elsewhere no
    duplicate counts. Runs Spark, once for all: to plan such a query takes seconds.
    """
    accepted = {kind.name: read(spark, log.name, kind_table(log, kind), snapshots[kind.name]) for kind in log.kinds}
    flagged = flag_across_of(log)(accepted)
    named = [(kind, name, flagged[kind.name][name]) for kind in log.kinds for name in kind.across_warnings]
    if DUPLICATES.name in snapshots:
        rows = [_named(records, kind, F.lit(name)) for kind, name, records in named]
        if has_unnamed:
            rows += [_with_unnamed(accepted[kind.name], kind, log.owner_of(kind)) for kind in log.kinds]
        counted = _counted(rows, read(spark, log.name, DUPLICATES, snapshots[DUPLICATES.name]))
    else:
        counted = reduce(DataFrame.unionByName, [_summed(records, kind, name) for kind, name, records in named])
    place = F.row_number().over(W.partitionBy("kind", "is_field").orderBy("name"))
    kept = counted.withColumn("place", place).where(~F.col("is_field") | (F.col("place") <= NAMES_KEPT)).collect()
    warnings = {kind.name: dict.fromkeys(kind.across_warnings, 0) for kind in log.kinds}
    fields: CountsByKind = {kind.name: {} for kind in log.kinds}
    for row in sorted(kept, key=attrgetter("name")):
        (fields if row.is_field else warnings)[row.kind][row.name] = row.records
    return warnings, fields


def _with_unnamed(accepted: DataFrame, kind: Records, owner: str) -> DataFrame:
    """Return a row for each record and unnamed field of it."""
    owned = accepted.where(F.col(UNNAMED_FIELDS).isNotNull()).withColumn("owner", F.col(owner))
    return _named(owned, kind, F.explode(UNNAMED_FIELDS), is_field=True)


def _counted(rows: Sequence[DataFrame], duplicates: DataFrame) -> DataFrame:
    """Count `_named` rows by kind and name: each once, and once more for each of its duplicates."""
    more = duplicates.groupBy(*_RECORD).agg(F.sum("records").alias("more"))
    # The key is unique on the right.
    found = reduce(DataFrame.unionByName, rows).join(more, on=list(_RECORD), how="left")
    return found.groupBy("kind", "is_field", "name").agg(F.sum(1 + F.coalesce("more", F.lit(0))).alias("records"))


def _summed(records: DataFrame, kind: Records, name: str) -> DataFrame:
    """Count flagged rows that have their number of `records`."""
    total = F.coalesce(F.sum("records"), F.lit(0)).alias("records")
    return records.agg(total).select(*_names(kind, F.lit(name)), "records")


def _named(rows: DataFrame, kind: Records, name: Column, is_field: bool = False) -> DataFrame:
    return rows.select(*_names(kind, name, is_field), "owner", ROW_KEY)


def _names(kind: Records, name: Column, is_field: bool = False) -> list[Column]:
    return [F.lit(kind.name).alias("kind"), F.lit(is_field).alias("is_field"), name.alias("name")]
