"""What the sessions of a day, or of a tier, come to."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.days import end_of
from spark_jobs.conversion.orders import MONEY
from spark_jobs.conversion.steps import listed
from spark_jobs.conversion.tiers import TIERS

# The columns of an answer that count sessions of which something is true.
_CLAIMS = {
    "converted_sessions": "is_converted",
    "cart_sessions": "has_cart",
    "abandoned_sessions": "is_abandoned",
    "bounced_sessions": "is_bounced",
    "open_sessions": "is_open",
}
_COUNTS = ("events", "sessions", "users", "orders", *_CLAIMS)
_AMOUNTS = ("gross_revenue", "refunded")


def daily_metrics(outcomes: DataFrame, run_date: date) -> DataFrame:
    """Return a row for every day from the first to the last session that starts on or before the run date.

    A day is that of a session's start, in UTC.
    """
    in_time = outcomes.where(F.col("started_at") < end_of(run_date))
    by_day = _summed(in_time.withColumn("date", F.to_date("started_at")), "date")
    days = by_day.agg(F.sequence(F.min("date"), F.max("date")).alias("days"))
    # Each side has a day once, so the join repeats none.
    return _rates(_filled(days.select(F.explode("days").alias("date")).join(by_day, on="date", how="left")))


def tier_metrics(outcomes: DataFrame) -> DataFrame:
    """Return a row for each of TIERS, also for those without a session; a tier is that of a session's start."""
    by_tier = _summed(outcomes, "tier")
    found = by_tier.agg(F.array_agg("tier").alias("found"))
    others = found.select(F.explode(F.array_except(listed(TIERS), "found")).alias("tier"))
    rows = _rates(_filled(by_tier.unionByName(others, allowMissingColumns=True)))
    return rows.withColumn("net_revenue_per_user", average("net_revenue", "users"))


def average(amount: str, number: str) -> Column:
    """Return an amount divided by a number (MONEY, a half cent is rounded up); null for the number 0."""
    return F.round(F.try_divide(amount, number), 2).cast(MONEY)


def _summed(outcomes: DataFrame, key: str) -> DataFrame:
    """Return the sums of sessions by a column. By user first: counting distinct users would repeat every row."""
    claims = [F.count_if(claim).alias(name) for name, claim in _CLAIMS.items()]
    sums = [F.sum(name).alias(name) for name in ("events", "orders", *_AMOUNTS)]
    by_user = outcomes.groupBy(key, "user_id").agg(F.count(F.lit(1)).alias("sessions"), *claims, *sums)
    totals = [F.sum(name).alias(name) for name in ("events", "sessions", "orders", *_CLAIMS, *_AMOUNTS)]
    return by_user.groupBy(key).agg(F.count(F.lit(1)).alias("users"), *totals)


def _filled(rows: DataFrame) -> DataFrame:
    """Give days and tiers without sessions their zeros, and amounts their type."""
    zero = F.lit(0)
    counts = {name: F.coalesce(name, zero.cast("long")) for name in _COUNTS}
    return rows.withColumns(counts | {name: F.coalesce(F.col(name).cast(MONEY), zero.cast(MONEY)) for name in _AMOUNTS})


def _rates(rows: DataFrame) -> DataFrame:
    net = (F.col("gross_revenue") - F.col("refunded")).cast(MONEY)
    return rows.withColumns(
        {
            "conversion_rate": F.try_divide("converted_sessions", "sessions"),
            "net_revenue": net,
            "average_order": average("gross_revenue", "orders"),
            "cart_abandonment_rate": F.try_divide("abandoned_sessions", "cart_sessions"),
            "bounce_rate": F.try_divide("bounced_sessions", "sessions"),
        }
    )
