"""On which days users were active, and how many users were so in the same way: all that days and cohorts look at."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.engagement.days import day_of, monday_of

# No window of days looks further: the longest month.
FURTHEST = 31


def user_days(interactions: DataFrame, run_date: date) -> DataFrame:
    """Return the days up to the run date on which each user was active: `user_id` and `date`, once each."""
    days = interactions.select("user_id", day_of("occurred_at").alias("date"))
    return days.where(F.col("date") <= F.lit(run_date)).distinct()


def activity(user_days: DataFrame) -> DataFrame:
    """Count the days of users that are alike: a row has `users` (long), who share its other columns.

    `cohort_week` (date) is the Monday of the user's first day, and `date` the day. `opens_week` (boolean) says whether
    it is the user's first day of its week. `days_until_next` (int) counts to the user's next day, FURTHEST at most; it
    is null for the last one. So there are some thousand rows for any number of users.
    """
    by_user = W.partitionBy("user_id").orderBy("date")
    so_far = by_user.rowsBetween(W.unboundedPreceding, W.currentRow)
    week = monday_of("date")
    until_next = F.datediff(F.lead("date").over(by_user), "date")
    alike = {
        "cohort_week": F.first(week).over(so_far),
        # A user's first day has none before it.
        "opens_week": F.coalesce(week != F.lag(week).over(by_user), F.lit(True)),
        # least() passes over null.
        "days_until_next": F.when(until_next.isNotNull(), F.least(until_next, F.lit(FURTHEST))),
    }
    days = user_days.withColumns(alike)
    return days.groupBy("cohort_week", "date", "opens_week", "days_until_next").agg(F.count(F.lit(1)).alias("users"))
