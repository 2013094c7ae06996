"""Which tier a user has at a time."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.steps import place_in
from spark_jobs.logs.shop.contract import TIERS as KNOWN_TIERS

UNKNOWN = "unknown"
TIERS = (*KNOWN_TIERS, UNKNOWN)


def tier_changes(users: DataFrame) -> DataFrame:
    """Return one row a user: `user_id`, and `changes` of tier in the order in which they count."""
    rank = place_in(KNOWN_TIERS, F.col("tier"))
    change = F.struct("valid_from", rank.alias("rank"), "tier")
    return users.groupBy("user_id").agg(F.array_sort(F.collect_set(change)).alias("changes"))


def with_tier(rows: DataFrame, changes: DataFrame, time: Column) -> DataFrame:
    """Add the `tier` that each row's user has at its `time`: the latest change not after it, else `unknown`.

    Of changes at one time the higher tier counts.
    """
    until = F.filter("changes", lambda change: change["valid_from"] <= time)
    tier = F.coalesce(F.try_element_at(until, F.lit(-1))["tier"], F.lit(UNKNOWN))
    # A user has one row of changes, so the join repeats no row.
    return rows.join(changes, on="user_id", how="left").withColumn("tier", tier).drop("changes")
