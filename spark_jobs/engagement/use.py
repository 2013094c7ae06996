"""How much each user did in the 28 days up to the run date: on how many days, and for how long."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.engagement.days import day_of, start_of
from spark_jobs.logs.notes.contract import INTERACTIONS
from spark_jobs.shared.event_order import places
from spark_jobs.shared.session_gap import microseconds_between

DAYS = 28
# One in so many users is a power user.
_PART = 100
_HOUR = 3_600_000
# Interactions at one time that agree in these take the same active time in any order.
_ORDER = ("action_type", "page_id", "duration_ms")


def recent_use(interactions: DataFrame, run_date: date) -> DataFrame:
    """Return a row for each user active in these days: `user_id`, `active_ms` (long), `active_days` (int).

    An interaction counts for the day on which it starts. It lasts until the user's next one starts, at most.
    """
    # The day after the run date can cut an interaction of the run date, and no earlier day counts.
    since = interactions.where(F.col("occurred_at") >= start_of(run_date - timedelta(days=DAYS - 1)))
    in_order = W.partitionBy("user_id").orderBy("occurred_at", *places(INTERACTIONS, _ORDER))
    until_next = microseconds_between(F.col("occurred_at"), F.lead("occurred_at").over(in_order))
    lasted = F.coalesce("duration_ms", F.lit(0)).cast("long")
    # least() passes over null: a user's last interaction is not cut.
    active = F.least(lasted, F.call_function("div", until_next, F.lit(1000)))
    by_day = (
        since.select("user_id", day_of("occurred_at").alias("date"), active.alias("active_ms"))
        .where(F.col("date") <= F.lit(run_date))
        .groupBy("user_id", "date")
        .agg(F.sum("active_ms").alias("active_ms"))
    )
    return by_day.groupBy("user_id").agg(
        F.sum("active_ms").alias("active_ms"), F.count(F.lit(1)).cast("int").alias("active_days")
    )


def active_days(use: DataFrame) -> DataFrame:
    """Return how many users were active on 1 to 28 of the days, as ACTIVE_DAYS has it; takes `recent_use`'s rows."""
    numbers = use.sparkSession.range(1, DAYS + 1).select(F.col("id").cast("int").alias("active_days"))
    found = use.groupBy("active_days").agg(F.count(F.lit(1)).alias("users"))
    # Each side has a number once, so the join repeats none.
    counted = numbers.join(found, on="active_days", how="left")
    return counted.withColumn("users", F.coalesce("users", F.lit(0)))


def power_users(use: DataFrame) -> DataFrame:
    """Return the top 1 % of users by active time, as POWER_USERS has it; takes the rows of `recent_use`.

    As many as that, rounded up, and those who tie with the last of them. Nobody without active time counts.
    """
    active = use.where(F.col("active_ms") > 0)
    total = active.agg(F.count(F.lit(1)).alias("users"), F.sum("active_ms").alias("total_ms"))
    ranked = active.withColumn("rank", F.rank().over(W.orderBy(F.desc("active_ms"))))
    # One row, also of nobody.
    ranked = ranked.crossJoin(F.broadcast(total))
    top = ranked.where(F.col("rank") <= F.call_function("div", F.col("users") + _PART - 1, F.lit(_PART)))
    return top.withColumns(
        {
            "active_hours": F.col("active_ms") / _HOUR,
            "share_of_active_time": F.col("active_ms") / F.col("total_ms"),
        }
    )
