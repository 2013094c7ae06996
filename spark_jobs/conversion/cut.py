"""Events cut into sessions, and for each page view the earliest steps that follow it.

Both look from the latest event to the first, so they share one sort; do the chains first, whose order is the finer one.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.conversion.steps import LAST_STEP, START, STEP_TIMES, step_of
from spark_jobs.shared.session_gap import microseconds_between


def cut_events(events: DataFrame, gap: timedelta) -> DataFrame:
    """Give events the `ended_at` of their session: a pause longer than `gap` ends one; exactly the gap stays in."""
    # Equal times are a pause of zero: their order cannot move a boundary.
    latest_first = W.partitionBy("user_id").orderBy(F.desc("occurred_at"))
    so_far = latest_first.rowsBetween(W.unboundedPreceding, W.currentRow)
    pause = microseconds_between(F.col("occurred_at"), F.lag("occurred_at").over(latest_first))
    # A user's latest event has a null pause.
    is_end = pause.isNull() | (pause > gap // timedelta(microseconds=1))
    with_ends = events.withColumn("is_end", is_end)
    # Seen from the latest event on, a session begins with its end.
    end = F.last(F.when(F.col("is_end"), F.col("occurred_at")), ignorenulls=True)
    return with_ends.withColumn("ended_at", end.over(so_far)).drop("is_end")


def with_steps(events: DataFrame, failed: DataFrame) -> DataFrame:
    """Give events their `step` (int, 0 for none).

    `failed` has the `transaction_id` of transactions that failed, once each.
    """
    is_failed = F.broadcast(failed.select("transaction_id", F.lit(True).alias("is_failed")))
    # A failed transaction is there once, so the join repeats no event.
    found = events.join(is_failed, on="transaction_id", how="left")
    step = step_of(F.col("event_type"), F.coalesce("is_failed", F.lit(False)))
    return found.withColumn("step", step).drop("is_failed")


def with_chains(events: DataFrame) -> DataFrame:
    """Give each page view the times of the chain of steps that starts with it: STEP_TIMES, null from where it ends.

    Each step is the first such event at or after the step before, in whichever session. Takes events of `with_steps`.
    All four windows share one sort; of a user with many events Spark keeps the rest on disk.
    """
    # Within an instant, the later steps first. Other ties change nothing, for only times are looked at.
    latest_first = W.partitionBy("user_id").orderBy(F.desc("occurred_at"), F.desc("step"))
    so_far = latest_first.rowsBetween(W.unboundedPreceding, W.currentRow)
    chained = events.withColumn("later", F.struct())
    for step in range(LAST_STEP, START, -1):
        times = STEP_TIMES[step:]
        here = F.struct(F.col("occurred_at").alias(STEP_TIMES[step - 1]), *(F.col(f"later.{time}") for time in times))
        earliest = F.last(F.when(F.col("step") == step, here), ignorenulls=True).over(so_far)
        chained = chained.withColumn("later", earliest)
    is_start = F.col("step") == START
    start, *others = STEP_TIMES
    later = {time: F.when(is_start, F.col(f"later.{time}")) for time in others}
    return chained.withColumns({start: F.when(is_start, F.col("occurred_at")), **later}).drop("later")
