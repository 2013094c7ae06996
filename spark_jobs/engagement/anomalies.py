"""Days that are not like the 28 before them: users, load times, sessions."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.engagement.days import day_of

METRICS = ("dau", "p95_load_ms", "sessions")
_HISTORY, _WEEK = 28, 7
FEWEST_VALUES = 14
# A value is an anomaly so many standard deviations from the mean.
_FAR = 3


def sessions_by_day(sessions: DataFrame) -> DataFrame:
    """Return how many sessions start on each day that has one: `date`, `sessions` (long)."""
    return sessions.groupBy(day_of("started_at").alias("date")).agg(F.count(F.lit(1)).alias("sessions"))


def anomalies(daily: DataFrame, sessions_by_day: DataFrame, percentiles: DataFrame) -> DataFrame:
    """Return a row for each day and each of METRICS, as ANOMALIES has it.

    Takes the rows of `daily_engagement`, `sessions_by_day` and `load_percentiles`. All sums are of whole numbers, so
    that a history without a change is known for one, and so is a value exactly at the limit.
    """
    by_day = W.partitionBy("metric").orderBy(F.unix_date("date"))
    history, week_before = by_day.rangeBetween(-_HISTORY, -1), by_day.rangeBetween(-_WEEK, -_WEEK)
    value = F.col("hundredths")
    found = _values(daily, sessions_by_day, percentiles).withColumns(
        {
            "n": F.count(value).over(history),
            "total": F.sum(value).over(history),
            "squares": F.sum(value * value).over(history),
            "week_before": F.first(value).over(week_before),
        }
    )
    return found.select("date", "metric", *(column.alias(name) for name, column in _judged().items()))


def _values(daily: DataFrame, sessions_by_day: DataFrame, percentiles: DataFrame) -> DataFrame:
    """Return `date`, `metric`, and the value in `hundredths` (decimal): percentiles have no further digits.

    A day of few loads has no percentile: its value is null.
    """
    of_all = percentiles.where(F.col("app_version").isNull()).select("date", F.col("p95_ms").alias("p95_load_ms"))
    # Each side has a day once, so no join repeats one.
    days = daily.select("date", "dau").join(sessions_by_day, on="date", how="left")
    days = days.join(of_all, on="date", how="left").withColumn("sessions", F.coalesce("sessions", F.lit(0)))
    each = F.array(*(F.struct(F.lit(metric).alias("metric"), _hundredths(metric)) for metric in METRICS))
    return days.select("date", F.inline(each))


def _hundredths(metric: str) -> Column:
    return F.round(F.col(metric) * 100).cast("decimal(18,0)").alias("hundredths")


def _judged() -> dict[str, Column]:
    n, total, value = F.col("n"), F.col("total"), F.col("hundredths")
    # n times the distance from the mean, and n (n - 1) times the variance.
    distance, spread = n * value - total, n * F.col("squares") - total * total
    variance = spread.cast("double") / (n * (n - 1))
    # Without a spread, every distance is too far.
    is_far = distance * distance * (n - 1) > n * spread * _FAR**2
    z = F.try_divide(distance.cast("double") / n, F.sqrt(variance))
    is_known = n >= FEWEST_VALUES
    return {
        "value": _whole(value),
        "mean": F.when(is_known, total.cast("double") / (n * 100)),
        "standard_deviation": F.when(is_known, F.sqrt(variance) / 100),
        "z": F.when(is_known, z),
        "flagged": F.coalesce(is_known & is_far, F.lit(False)),
        "same_weekday_week_before": _whole(F.col("week_before")),
    }


def _whole(hundredths: Column) -> Column:
    return hundredths.cast("double") / 100
