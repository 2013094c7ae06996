"""The shop in a dozen numbers."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.days import end_of
from spark_jobs.conversion.funnels import WINDOW
from spark_jobs.conversion.orders import MONEY, sum_of
from spark_jobs.conversion.steps import STEP_TIMES

METRICS = (
    "sessions",
    "users",
    "open_sessions",
    "sessions_without_page_view",
    "users_without_page_view",
    "purchases_outside_order",
    "open_user_windows",
    "orders",
    "gross_revenue",
    "refunded",
    "net_revenue",
    "unattributed_revenue",
)


def summary(outcomes: DataFrame, user_funnels: DataFrame, orders: DataFrame, run_date: date) -> DataFrame:
    """Return a row for each of METRICS: `metric` (string), `value` (MONEY)."""
    # One row each, also of nothing.
    row = _of_sessions(outcomes).crossJoin(_of_users(user_funnels, run_date)).crossJoin(_of_orders(orders))
    row = row.withColumns(
        {
            "users_without_page_view": F.col("users") - F.col("users_with_page_view"),
            "net_revenue": F.col("gross_revenue") - F.col("refunded"),
        }
    )
    metrics = [F.struct(F.lit(name).alias("metric"), F.col(name).cast(MONEY).alias("value")) for name in METRICS]
    return row.select(F.inline(F.array(*metrics)))


def _of_sessions(outcomes: DataFrame) -> DataFrame:
    by_user = outcomes.groupBy("user_id").agg(
        F.count(F.lit(1)).alias("sessions"),
        F.count_if("is_open").alias("open_sessions"),
        F.count_if(F.col(STEP_TIMES[0]).isNull()).alias("sessions_without_page_view"),
        F.sum("purchases_outside_order").alias("purchases_outside_order"),
    )
    sums = [name for name in by_user.columns if name != "user_id"]
    totals = [F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in sums]
    return by_user.agg(F.count(F.lit(1)).alias("users"), *totals)


def _of_users(user_funnels: DataFrame, run_date: date) -> DataFrame:
    is_open = F.col(STEP_TIMES[0]) + F.lit(WINDOW) >= end_of(run_date)
    return user_funnels.agg(
        F.count(F.lit(1)).alias("users_with_page_view"), F.count_if(is_open).alias("open_user_windows")
    )


def _of_orders(orders: DataFrame) -> DataFrame:
    unattributed = F.when(F.col("purchased").isNull(), F.col("gross_revenue"))
    return orders.withColumn("unattributed_revenue", unattributed).agg(
        F.count(F.lit(1)).alias("orders"),
        *(sum_of(amount) for amount in ("gross_revenue", "refunded", "unattributed_revenue")),
    )
