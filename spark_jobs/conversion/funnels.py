"""How far each session and each user went through the funnel, and from which page view on."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.steps import SESSION, START, STEP_TIMES, deepest_step, place

# From the page view that a user starts with to the last step; exactly that is in time.
WINDOW = timedelta(seconds=604_800)


def funnels(events: DataFrame) -> DataFrame:
    """Return a row for each session that has a page view: SESSION and two funnels, each a struct.

    `first` starts with the session's first page view and ends with the session. `best` is the one of all starts in the
    session that goes deepest within WINDOW, then the earliest. Takes cut events with their chains.
    """
    views = events.where(F.col("step") == START)
    in_time = _cut_after(F.col("occurred_at") + F.lit(WINDOW))
    return views.groupBy(*SESSION).agg(
        F.min_by(_funnel(_cut_after(F.col("ended_at"))), place()).alias("first"),
        F.min(F.struct(_shallow(in_time), place().alias("place"), _funnel(in_time).alias("funnel"))).alias("best"),
    )


def session_funnels(funnels: DataFrame) -> DataFrame:
    """Return SESSION, `device_type` of the start, and STEP_TIMES, the last of them null from where it ends."""
    return funnels.select(*SESSION, "first.*")


def user_funnels(funnels: DataFrame) -> DataFrame:
    """Return `user_id`, `device_type` of the start, and STEP_TIMES: one row for each user that has a page view."""
    best = funnels.groupBy("user_id").agg(F.min("best").alias("best"))
    return best.select("user_id", "best.funnel.*")


def _cut_after(limit: Column) -> list[Column]:
    return [F.when(F.col(time) <= limit, F.col(time)).alias(time) for time in STEP_TIMES]


def _shallow(times: list[Column]) -> Column:
    """Return a number (int) that is the lower, the deeper a funnel goes."""
    return (-deepest_step(times)).alias("shallow")


def _funnel(times: list[Column]) -> Column:
    return F.struct("device_type", *times)
