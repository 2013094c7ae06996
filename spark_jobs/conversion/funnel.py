"""The funnel: how many reached each step, at which rate, and how fast, in all and by tier and device."""

from __future__ import annotations

from itertools import pairwise

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.conversion.steps import DEVICES, STEP_TIMES, STEPS, listed, place_in
from spark_jobs.conversion.tiers import TIERS
from spark_jobs.shared.session_gap import microseconds_between

SCOPES = ("session", "user")
SEGMENTS = (("all", "all"), *(("tier", tier) for tier in TIERS), *(("device", device) for device in DEVICES))
_OF_SCOPES = tuple((scope, *segment) for scope in SCOPES for segment in SEGMENTS)


def funnel(funnels: DataFrame) -> DataFrame:
    """Return the rows of FUNNEL: five for each of SEGMENTS of each scope, also where nobody reached a step.

    `funnels` have a `scope`, STEP_TIMES, and the `tier` and `device_type` of their start.
    """
    in_segments = funnels.withColumn("segment", F.explode(_segments()))
    # Both have a segment's step once, so the join repeats none.
    rows = _reached(in_segments).join(_medians(in_segments), on=["segment", "step"], how="left")
    scope, kind, name = (F.element_at(listed(part), F.col("segment") + 1) for part in zip(*_OF_SCOPES, strict=True))
    return rows.select(
        scope.alias("scope"),
        kind.alias("segment_kind"),
        name.alias("segment"),
        "step",
        F.element_at(listed(STEPS), F.col("step")).alias("event_type"),
        "reached",
        # Null for step 1, which has none before it.
        F.try_divide("reached", "reached_before").alias("rate_from_previous"),
        F.try_divide("reached", "reached_first").alias("rate_from_first"),
        "median_seconds",
    )


def _segments() -> Column:
    """Return the places in _OF_SCOPES, from 0, of the three segments that a funnel is in."""
    everybody = (place_in(SCOPES, F.col("scope")) - 1) * len(SEGMENTS)
    tier, device = place_in(TIERS, F.col("tier")), place_in(DEVICES, F.col("device_type")) + len(TIERS)
    return F.array(everybody, everybody + tier, everybody + device)


def _reached(in_segments: DataFrame) -> DataFrame:
    """Return a row for each step of all _OF_SCOPES: how many `reached` it, the step before it, and the first."""
    counts = F.array(*(F.count(time) for time in STEP_TIMES)).alias("counts")
    by_segment = in_segments.groupBy("segment").agg(counts)
    # Without groups there is always a row: also where there is no segment at all.
    found = by_segment.agg(F.map_from_entries(F.collect_list(F.struct("segment", "counts"))).alias("found"))
    each = found.select("found", F.explode(F.sequence(F.lit(0), F.lit(len(_OF_SCOPES) - 1))).alias("segment"))
    nobody = F.array_repeat(F.lit(0).cast("long"), len(STEPS))
    counted = each.withColumn("counts", F.coalesce(F.try_element_at("found", F.col("segment")), nobody))
    steps = counted.select("segment", "counts", F.posexplode("counts").alias("before", "reached"))
    return steps.select(
        "segment",
        (F.col("before") + 1).alias("step"),
        "reached",
        F.when(F.col("before") > 0, F.get("counts", F.col("before") - 1)).alias("reached_before"),
        F.get("counts", F.lit(0)).alias("reached_first"),
    )


def _medians(in_segments: DataFrame) -> DataFrame:
    """Return `median_seconds` (double) from the step before, for each `segment` and `step` that somebody reached.

    By order and not by Spark's percentile, which would have all values of a segment in memory.
    """
    took = [microseconds_between(F.col(before), F.col(time)) for before, time in pairwise(STEP_TIMES)]
    times = in_segments.select("segment", F.posexplode(F.array(*took)).alias("index", "took"))
    reached = times.where(F.col("took").isNotNull()).withColumn("step", F.col("index") + 2)
    in_step = W.partitionBy("segment", "step")
    # Equal times may stand in any order: only their values are looked at.
    number = F.row_number().over(in_step.orderBy("took"))
    total = F.count(F.lit(1)).over(in_step.rowsBetween(W.unboundedPreceding, W.unboundedFollowing))
    # The one in the middle, or both.
    is_middle = (2 * F.col("number")).between(F.col("total"), F.col("total") + 2)
    middle = reached.withColumns({"number": number, "total": total}).where(is_middle)
    return middle.groupBy("segment", "step").agg((F.avg("took") / 1e6).alias("median_seconds"))
