"""The funnel: how many reached each step, at which rate, and how fast, in all and by tier and device."""

from __future__ import annotations

from itertools import pairwise

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.steps import DEVICES, STEP_TIMES, STEPS
from spark_jobs.conversion.tiers import TIERS
from spark_jobs.shared.session_gap import microseconds_between

SEGMENTS = (("all", "all"), *(("tier", tier) for tier in TIERS), *(("device", device) for device in DEVICES))


def funnel(funnels: DataFrame, scope: str) -> DataFrame:
    """Return the rows of a scope, as FUNNEL has them: five for each of SEGMENTS, also where nobody reached a step.

    `funnels` have STEP_TIMES, and the `tier` and `device_type` of their start.
    """
    of_each = F.array(
        _segment("all", F.lit("all")), _segment("tier", F.col("tier")), _segment("device", F.col("device_type"))
    )
    by_segment = funnels.withColumn("segment", F.explode(of_each)).groupBy("segment").agg(_reached(), _medians())
    steps = _every_segment(by_segment).select("segment.*", "reached", F.posexplode(_steps()).alias("index", "step"))
    # Of step 1, index 0 has no step before it.
    previous = F.when(F.col("index") > 0, F.get("reached", F.col("index") - 1))
    return steps.select(
        F.lit(scope).alias("scope"),
        "segment_kind",
        "segment",
        (F.col("index") + 1).alias("step"),
        "step.event_type",
        "step.reached",
        F.try_divide("step.reached", previous).alias("rate_from_previous"),
        F.try_divide("step.reached", F.get("reached", F.lit(0))).alias("rate_from_first"),
        "step.median_seconds",
    )


def _segment(kind: str, name: Column) -> Column:
    return F.struct(F.lit(kind).alias("segment_kind"), name.alias("segment"))


def _reached() -> Column:
    return F.array(*(F.count(time) for time in STEP_TIMES)).alias("reached")


def _medians() -> Column:
    """Return the exact medians of the seconds from the step before: of microseconds, whole or a half."""
    seconds = [
        F.percentile(microseconds_between(F.col(before), F.col(time)), 0.5) / 1e6
        for before, time in pairwise(STEP_TIMES)
    ]
    return F.array(F.lit(None).cast("double"), *seconds).alias("medians")


def _every_segment(by_segment: DataFrame) -> DataFrame:
    """Add the segments that nobody started in, with counts of 0 and no medians."""
    counts = F.struct("reached", "medians").alias("counts")
    # Without groups there is always a row: also where there is no segment at all.
    found = by_segment.agg(F.map_from_entries(F.collect_list(F.struct("segment", counts))).alias("found"))
    all_segments = F.array(*(_segment(kind, F.lit(name)) for kind, name in SEGMENTS))
    each = found.select("found", F.explode(all_segments).alias("segment"))
    counts = F.try_element_at("found", F.col("segment"))
    nobody = F.array_repeat(F.lit(0).cast("long"), len(STEPS))
    return each.select(
        "segment", F.coalesce(counts["reached"], nobody).alias("reached"), counts["medians"].alias("medians")
    )


def _steps() -> Column:
    """Return the steps of a segment: type, count and median of each."""
    types = F.array(*(F.lit(step) for step in STEPS))
    medians = F.coalesce("medians", F.array_repeat(F.lit(None).cast("double"), len(STEPS)))
    named = F.arrays_zip(types.alias("event_type"), F.col("reached"), medians.alias("median_seconds"))
    return named.cast("array<struct<event_type:string,reached:bigint,median_seconds:double>>")
