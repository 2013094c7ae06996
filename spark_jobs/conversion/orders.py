"""Transactions as they count, the orders among them, and the session that each order belongs to."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.steps import LAST_STEP, SESSION, place, place_in
from spark_jobs.logs.shop.contract import STATUSES

MONEY = "decimal(24,2)"
_ORDERED = ("completed", "refunded")
_COLUMNS = ("transaction_id", "user_id", "occurred_at", "status", "total", "items")

# What is looked at of a PURCHASE.
PURCHASE_COLUMNS = (*SESSION, "transaction_id", "occurred_at", "event_id", "device_type", "step")


def transactions_that_count(transactions: DataFrame) -> DataFrame:
    """Return one row for each `transaction_id`: its latest, of equal ones failed before refunded before completed.

    Of those the largest total counts; then the least user and content, so that every run chooses alike.
    """
    rank = place_in(STATUSES, F.col("status"))
    order = F.struct(
        (-F.unix_micros("occurred_at")).alias("latest"),
        (-rank).alias("status"),
        (-F.col("total")).alias("largest"),
        *("user_id", "payment_method", "currency", "items"),
    )
    chosen = F.min_by(F.struct(*_COLUMNS[1:]), order).alias("chosen")
    return transactions.groupBy("transaction_id").agg(chosen).select("transaction_id", "chosen.*")


def failed(counted: DataFrame) -> DataFrame:
    """Return the `transaction_id` of those that failed, given the transactions that count."""
    return counted.where(F.col("status") == "failed").select("transaction_id")


def orders(counted: DataFrame, purchases: DataFrame) -> DataFrame:
    """Return the transactions that brought revenue, with the session of their first PURCHASE.

    Beside the columns of `counted`: `gross_revenue` and `refunded` (MONEY), and `purchased` (a struct of SESSION, null
    where there is no PURCHASE). Takes the PURCHASE events, cut, with their steps.
    """
    # The user last: two users' events may have the same time, id and device.
    first = F.min_by(F.struct(*SESSION), F.struct(place(), "user_id"))
    by_transaction = purchases.groupBy("transaction_id").agg(first.alias("purchased"))
    gross = F.col("total").cast(MONEY)
    refunded = F.when(F.col("status") == "refunded", gross).otherwise(_money(0))
    found = counted.where(F.col("status").isin(*_ORDERED)).withColumns({"gross_revenue": gross, "refunded": refunded})
    # Both have a transaction once, so the join repeats none.
    return found.join(by_transaction, on="transaction_id", how="left")


def session_revenue(orders: DataFrame) -> DataFrame:
    """Return a row for each session with an order: SESSION, `orders` (long), `gross_revenue`, `refunded` (MONEY)."""
    attributed = orders.where(F.col("purchased").isNotNull())
    return attributed.groupBy(*(F.col(f"purchased.{name}").alias(name) for name in SESSION)).agg(
        F.count(F.lit(1)).alias("orders"), *(sum_of(amount) for amount in ("gross_revenue", "refunded"))
    )


def purchase_facts(purchases: DataFrame, session_funnels: DataFrame) -> DataFrame:
    """Return a row for each session with a PURCHASE: SESSION, `is_converted`, `purchases_outside_order` (long).

    Outside is a purchase that has not failed, and that no steps 1 to 4 stand before in its session.
    """
    checkout = session_funnels.select(*SESSION, F.col("checkout_start_at").alias("steps_before_at"))
    # A session has one funnel at most, so the join repeats no purchase.
    found = purchases.join(checkout, on=list(SESSION), how="left")
    is_step = F.col("step") == LAST_STEP
    is_inside = F.coalesce(F.col("steps_before_at") <= F.col("occurred_at"), F.lit(False))
    return found.groupBy(*SESSION).agg(
        F.bool_or(is_step).alias("is_converted"), F.count_if(is_step & ~is_inside).alias("purchases_outside_order")
    )


def sum_of(amount: str) -> Column:
    """Return the sum of amounts (MONEY), under the same name; 0 of none."""
    return F.coalesce(F.sum(amount).cast(MONEY), _money(0)).alias(amount)


def _money(amount: int) -> Column:
    return F.lit(amount).cast(MONEY)
