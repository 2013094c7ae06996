"""How long pages took to load, by version and by day: percentiles from the counts of the values."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.engagement.days import day_of

# The percent of each percentile, and of how many values it is known.
_PERCENTS = {"p50_ms": (50, 1), "p95_ms": (95, 20), "p99_ms": (99, 100)}
_GROUP = ("app_version", "date")


def load_counts(interactions: DataFrame) -> DataFrame:
    """Return how many times each `load_ms` was seen of an `app_version` on a `date`: `records` (long)."""
    loaded = interactions.where(F.col("load_ms").isNotNull())
    by_value = loaded.groupBy("app_version", day_of("occurred_at").alias("date"), "load_ms")
    return by_value.agg(F.count(F.lit(1)).alias("records"))


def load_percentiles(counts: DataFrame, run_date: date) -> DataFrame:
    """Return percentiles as LOAD_TIMES has them, by version and day, and where one of both is null of all.

    They are exact, with linear interpolation. Days end with the run date. Takes the rows of `load_counts`.
    """
    # Equal values are one row, so the order is total.
    in_order = W.partitionBy(*_GROUP).orderBy("load_ms")
    so_far = in_order.rowsBetween(W.unboundedPreceding, W.currentRow)
    all_values = in_order.rowsBetween(W.unboundedPreceding, W.unboundedFollowing)
    places = {"until": F.sum("records").over(so_far), "count": F.sum("records").over(all_values)}
    placed = _by_group(counts).withColumns(places)
    neighbours = [value for name, (percent, _) in _PERCENTS.items() for value in _neighbours(name, percent)]
    found = placed.groupBy(*_GROUP).agg(F.max("count").alias("count"), *neighbours)
    in_time = found.where(F.col("date").isNull() | (F.col("date") <= F.lit(run_date)))
    percentiles = {name: _interpolated(name, percent, fewest) for name, (percent, fewest) in _PERCENTS.items()}
    return in_time.withColumns(percentiles)


def _by_group(counts: DataFrame) -> DataFrame:
    """Count values by version and day, by version, and by day."""
    version, day = F.col("app_version"), F.col("date")
    each = F.array(_group(version, day), _group(version, F.lit(None)), _group(F.lit(None), day))
    rows = counts.select("load_ms", "records", F.inline(each))
    return rows.groupBy(*_GROUP, "load_ms").agg(F.sum("records").alias("records"))


def _group(version: Column, day: Column) -> Column:
    return F.struct(version.cast("string").alias("app_version"), day.cast("date").alias("date"))


def _neighbours(name: str, percent: int) -> list[Column]:
    """Return the values next to a percentile: the last one at or before its place, and the first one at or after."""
    place = percent * (F.col("count") - 1)
    low, high = (F.call_function("div", index, F.lit(100)) for index in (place, place + 99))
    # The value at an index, from 0, is the least with more values up to it.
    return [
        F.min(F.when(F.col("until") > index, F.col("load_ms"))).alias(f"{end}_{name}")
        for end, index in (("low", low), ("high", high))
    ]


def _interpolated(name: str, percent: int, fewest: int) -> Column:
    """Return a percentile (double) from its neighbours. In whole numbers, so that it is rounded once."""
    rest = (percent * (F.col("count") - 1)) % 100
    hundredths = F.col(f"low_{name}") * (100 - rest) + F.col(f"high_{name}") * rest
    return F.when(F.col("count") >= fewest, hundredths / 100)
