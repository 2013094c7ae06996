"""What each customer has ordered."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.days import end_of
from spark_jobs.conversion.orders import MONEY, sum_of
from spark_jobs.conversion.tiers import with_tier


def customer_value(orders: DataFrame, changes: DataFrame, run_date: date) -> DataFrame:
    """Return a row for each user of an order, as CUSTOMER_VALUE has it; the tier is that at the end of the run date."""
    by_user = orders.groupBy("user_id").agg(
        F.count(F.lit(1)).alias("orders"),
        sum_of("gross_revenue"),
        sum_of("refunded"),
        F.min("occurred_at").alias("first_order_at"),
        F.max("occurred_at").alias("last_order_at"),
    )
    net = (F.col("gross_revenue") - F.col("refunded")).cast(MONEY)
    return with_tier(by_user.withColumn("net_revenue", net), changes, end_of(run_date))
