"""Events cut into sessions, and for each page view the earliest steps that follow it."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W
from pyspark.sql.window import WindowSpec

from spark_jobs.conversion.steps import LAST_STEP, START, STEP_TIMES, step_of
from spark_jobs.shared.session_gap import microseconds_between

_NEEDED = ("user_id", "occurred_at", "event_type", "event_id", "device_type", "product_id", "quantity")
# Beside the steps, what answers look at: failed purchases, and what leaves a cart.
_OTHERS = ("PURCHASE", "REMOVE_FROM_CART")


def cut_events(events: DataFrame, failed: DataFrame, gap: timedelta) -> DataFrame:
    """Return the events that answers look at, with their `step` (int, 0 for none) and their session's `ended_at`.

    `failed` has the `transaction_id` of transactions that failed, once each. A page view has the times of the steps of
    the chain that starts with it (STEP_TIMES, null where it does not go on): each is the first such event at or after
    the step before, in whichever session. A pause longer than `gap` ends a session; exactly the gap stays in.
    """
    with_steps = _with_steps(events, failed)
    cut = _with_chains(_with_session_ends(with_steps, gap))
    is_looked_at = (F.col("step") > 0) | F.col("event_type").isin(*_OTHERS)
    return cut.where(is_looked_at).select(*_NEEDED, "transaction_id", "step", "ended_at", *STEP_TIMES)


def _with_steps(events: DataFrame, failed: DataFrame) -> DataFrame:
    is_failed = F.broadcast(failed.select("transaction_id", F.lit(True).alias("is_failed")))
    # A failed transaction is there once, so the join repeats no event.
    found = events.select(*_NEEDED, "transaction_id").join(is_failed, on="transaction_id", how="left")
    step = step_of(F.col("event_type"), F.coalesce("is_failed", F.lit(False)))
    return found.withColumn("step", step).drop("is_failed")


def _with_session_ends(events: DataFrame, gap: timedelta) -> DataFrame:
    """Add `ended_at`. Seen from the latest event on, a session begins with its end."""
    pause = microseconds_between(F.col("occurred_at"), F.lag("occurred_at").over(_by_user()))
    # A user's latest event has a null pause.
    is_end = pause.isNull() | (pause > gap // timedelta(microseconds=1))
    with_ends = events.withColumn("is_end", is_end)
    end = F.last(F.when(F.col("is_end"), F.col("occurred_at")), ignorenulls=True)
    return with_ends.withColumn("ended_at", end.over(_so_far())).drop("is_end")


def _with_chains(events: DataFrame) -> DataFrame:
    """Add STEP_TIMES to page views: all four windows share one sort."""
    chained = events.withColumn("later", F.struct())
    for step in range(LAST_STEP, START, -1):
        times = STEP_TIMES[step:]
        here = F.struct(F.col("occurred_at").alias(STEP_TIMES[step - 1]), *(F.col(f"later.{time}") for time in times))
        earliest = F.last(F.when(F.col("step") == step, here), ignorenulls=True).over(_so_far())
        chained = chained.withColumn("later", earliest)
    is_start = F.col("step") == START
    start, *others = STEP_TIMES
    return chained.withColumns(
        {
            start: F.when(is_start, F.col("occurred_at")),
            **{time: F.when(is_start, F.col(f"later.{time}")) for time in others},
        }
    )


def _by_user() -> WindowSpec:
    # Latest first: within an instant, the later steps first. Other ties change nothing, for only times are looked at.
    return W.partitionBy("user_id").orderBy(F.desc("occurred_at"), F.desc("step"))


def _so_far() -> WindowSpec:
    return _by_user().rowsBetween(W.unboundedPreceding, W.currentRow)
