"""How many users of each weekly cohort came back, week by week."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.engagement.days import monday_of

LAST_WEEK = 26


def retention(activity: DataFrame, run_date: date) -> DataFrame:
    """Return weeks 0 to LAST_WEEK of each cohort, as RETENTION has it; weeks that are not over have null counts.

    Takes the rows of `activity`.
    """
    each = _by_week(activity).withColumn("week", F.explode(F.sequence(F.lit(0), F.lit(LAST_WEEK))))
    counted = each.groupBy("cohort_week", "week").agg(
        _sum("users", F.col("active_week") == 0).alias("cohort_size"),
        _sum("users", F.col("active_week") == F.col("week")).alias("retained_in"),
        _sum("users_last_seen", F.col("active_week") >= F.col("week")).alias("retained_in_or_after"),
    )
    is_complete = F.date_add("cohort_week", F.col("week") * 7 + 6) <= F.lit(run_date)
    retained = {name: F.when(is_complete, F.col(name)) for name in ("retained_in", "retained_in_or_after")}
    # The same for all rows of a cohort, in any order.
    first = F.min("cohort_week").over(W.partitionBy())
    return counted.withColumns({**retained, "is_first": F.col("cohort_week") == first})


def _by_week(activity: DataFrame) -> DataFrame:
    """Count the `users` of a cohort in each week (`active_week`, int, from 0), and those of whom it is the last one."""
    active_week = F.call_function("div", F.datediff(monday_of("date"), "cohort_week"), F.lit(7)).cast("int")
    return activity.groupBy("cohort_week", active_week.alias("active_week")).agg(
        _sum("users", F.col("opens_week")).alias("users"),
        _sum("users", F.col("days_until_next").isNull()).alias("users_last_seen"),
    )


def _sum(count: str, claim: Column) -> Column:
    return F.sum(F.when(claim, F.col(count)).otherwise(0))
