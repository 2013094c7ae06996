"""What came of each session: its tier, how far it went, what it bought, what it left behind."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.days import end_of
from spark_jobs.conversion.orders import MONEY
from spark_jobs.conversion.steps import SESSION, STEP_TIMES, deepest_step
from spark_jobs.conversion.tiers import with_tier
from spark_jobs.shared.session_gap import microseconds_between

# A session that is longer has engaged its user.
_BRIEF = timedelta(seconds=10)
_MICROSECOND = timedelta(microseconds=1)


def session_outcomes(
    sessions: DataFrame, facts: tuple[DataFrame, ...], changes: DataFrame, latest: DataFrame, gap: timedelta
) -> DataFrame:
    """Return one row a session, as SESSION_OUTCOMES has it.

    `facts` are the funnels of sessions, and what `purchase_facts`, `session_revenue` and `carts_left` return. `latest`
    is what `latest_event` returns.
    """
    found = with_tier(sessions, changes, F.col("started_at"))
    for fact in facts:
        # Each has a session once at most, so no join repeats one.
        found = found.join(fact.withColumnRenamed("device_type", "start_device_type"), on=list(SESSION), how="left")
    found = _known(found).crossJoin(F.broadcast(latest)).withColumns(_claims(gap))
    start = F.coalesce(STEP_TIMES[0], "started_at")
    with_start = with_tier(found.withColumnRenamed("tier", "session_tier"), changes, start)
    return with_start.withColumnsRenamed({"tier": "start_tier", "session_tier": "tier"})


def latest_event(events: DataFrame, run_date: date) -> DataFrame:
    """Return one row: `latest_at`, the time of the latest event on or before the run date, null if there is none."""
    return events.where(F.col("occurred_at") < end_of(run_date)).agg(F.max("occurred_at").alias("latest_at"))


def _known(found: DataFrame) -> DataFrame:
    """Fill in what a session without such a fact has."""
    defaults = {
        "is_converted": F.lit(False),
        "is_cart_left": F.lit(False),
        "orders": F.lit(0).cast("long"),
        "purchases_outside_order": F.lit(0).cast("long"),
        "gross_revenue": F.lit(0).cast(MONEY),
        "refunded": F.lit(0).cast(MONEY),
    }
    return found.withColumns({name: F.coalesce(name, default) for name, default in defaults.items()})


def _claims(gap: timedelta) -> dict[str, Column]:
    views = F.col("page_view_count") + F.col("product_view_count")
    is_long = microseconds_between(F.col("started_at"), F.col("ended_at")) > _BRIEF // _MICROSECOND
    is_engaged = is_long | (F.col("purchase_count") > 0) | (F.col("add_to_cart_count") > 0) | (views > 1)
    until_latest = microseconds_between(F.col("ended_at"), F.col("latest_at"))
    return {
        "deepest_step": deepest_step([F.col(time) for time in STEP_TIMES]),
        "is_bounced": ~is_engaged,
        # Null where all events are after the run date.
        "is_open": F.coalesce(until_latest <= gap // _MICROSECOND, F.lit(False)),
        "has_cart": F.col("add_to_cart_count") > 0,
        "is_abandoned": F.col("is_cart_left") & ~F.col("is_converted"),
    }
