"""How many users were active on each day, and in the windows that end with it."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.engagement.activity import FURTHEST
from spark_jobs.engagement.days import calendar, monday_of

_WEEK, _MONTH = 7, 28


def daily_engagement(activity: DataFrame, run_date: date) -> DataFrame:
    """Return a row for every day from the log's first to the run date, as DAILY_ENGAGEMENT has it.

    Takes the rows of `activity`.
    """
    days, found = calendar(activity, run_date), _by_day(activity, run_date)
    counts = {name: F.coalesce(name, F.lit(0).cast("long")) for name in found.columns if name != "date"}
    # Each side has a day once, so the join repeats none.
    return days.join(found, on="date", how="left").withColumns(
        counts
        | {
            # Null where nobody was active in 28 days.
            "stickiness": F.try_divide("dau", "mau_28d"),
            "window_complete": F.col("date") >= F.date_add("first", _MONTH - 1),
        }
    )


def _by_day(activity: DataFrame, run_date: date) -> DataFrame:
    """Count the users of each day on which one was active, or had been less than FURTHEST days before.

    A user's day counts for the days after it, up to his next one: on each day a user is counted once.
    """
    # least() passes over null: that of the last day.
    until = F.date_add("date", F.least("days_until_next", F.lit(FURTHEST)) - 1)
    covered = F.sequence("date", F.least(until, F.lit(run_date)))
    seen = activity.withColumn("day", F.explode(covered))
    age = F.datediff("day", "date")
    is_new = (age == 0) & F.col("opens_week") & (monday_of("date") == F.col("cohort_week"))
    return (
        seen.groupBy("day")
        .agg(
            _users(age == 0).alias("dau"),
            _users(age < _WEEK).alias("wau_7d"),
            _users(age < _MONTH).alias("mau_28d"),
            _users(F.trunc("day", "month") == F.trunc("date", "month")).alias("mau_month_to_date"),
            _users(is_new).alias("new_users"),
        )
        .withColumnRenamed("day", "date")
    )


def _users(claim: Column) -> Column:
    return F.sum(F.when(claim, F.col("users")).otherwise(0))
