"""Whether pages load faster on newer devices: Spearman's rank correlation, by version."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

FEWEST_USERS = 10
_VERSION = "app_version"


def user_medians(interactions: DataFrame) -> DataFrame:
    """Return the median load time of each user with each version: `app_version`, `user_id`, `median_ms` (double)."""
    loaded = interactions.where(F.col("load_ms").isNotNull())
    # In order, Spark has the values of one user in memory and not those of all: that takes a third of the CPU time.
    in_order = loaded.sortWithinPartitions("user_id", _VERSION)
    return in_order.groupBy("user_id", _VERSION).agg(F.median("load_ms").alias("median_ms"))


def device_correlation(medians: DataFrame, users: DataFrame) -> DataFrame:
    """Return a row for each version, as DEVICE_CORRELATION has it; takes the rows of `user_medians`.

    Users without a record take no part. A version that only they loaded pages with has no row. Exact but for the last
    division: all sums are of whole numbers.
    """
    # There is one record of a user, so the join repeats no row.
    known = medians.join(users.select("user_id", "device_year"), on="user_id", how="inner")
    alike = known.groupBy(_VERSION, "device_year", "median_ms").agg(F.count(F.lit(1)).alias("users"))
    ranked = alike.withColumns({"x": _rank("device_year"), "y": _rank("median_ms")})
    found = ranked.groupBy(_VERSION).agg(
        F.sum("users").alias("users"), *(_products(a, b).alias(a + b) for a, b in ("xy", "xx", "yy"))
    )
    xx, yy = F.col("xx").cast("double"), F.col("yy").cast("double")
    # Null where one side is constant: all ranks of it are the mean.
    spearman = F.try_divide(F.col("xy").cast("double"), F.sqrt(xx * yy))
    return found.withColumn("spearman", F.when(F.col("users") >= FEWEST_USERS, spearman))


def _rank(value: str) -> Column:
    """Return twice the distance of a value's rank from the mean rank (long); equal values share their average rank.

    Of `n` users the ranks of a value are those of its last user and back, as many as have it; the mean is (n + 1) / 2.
    """
    in_version = W.partitionBy(_VERSION).orderBy(value)
    # By value and not by row: equal values have the same sums, in whatever order.
    until = F.sum("users").over(in_version.rangeBetween(W.unboundedPreceding, W.currentRow))
    equal = F.sum("users").over(in_version.rangeBetween(W.currentRow, W.currentRow))
    total = F.sum("users").over(in_version.rangeBetween(W.unboundedPreceding, W.unboundedFollowing))
    return 2 * until - equal - total


def _products(a: str, b: str) -> Column:
    # Of some million users the sum is more than a long can hold.
    return F.sum((F.col(a) * F.col(b)).cast("decimal(38,0)") * F.col("users"))
