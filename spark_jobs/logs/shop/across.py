"""The warnings of the shop that a record shows only beside others."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.contract import ROW_KEY
from spark_jobs.logs.shop.contract import EVENTS
from spark_jobs.shared.event_order import order_of


def flag_across(accepted: Mapping[str, DataFrame]) -> dict[str, dict[str, DataFrame]]:
    """Return the records that others show a warning of, by kind and warning: `owner` and `row_key`, one row a record.

    `accepted` are the accepted records of each kind, as their contract has them.
    """
    events, transactions = accepted["events"], accepted["transactions"]
    users, products = (
        accepted["users"].select("user_id").distinct(),
        accepted["products"].select("product_id").distinct(),
    )
    purchases = in_order(events.where(F.col("event_type") == "PURCHASE"))
    first = purchases.where("place = 1")
    sold = transactions.select("user_id", ROW_KEY, F.explode("items.product_id").alias("product_id"))
    of_events = {
        "reused_event_id": reused_event_ids(events),
        "repeated_purchase": purchases.where("place > 1"),
        "unknown_user": _lacking(events, users, "user_id"),
        "unknown_product": _lacking(events.where(F.col("product_id").isNotNull()), products, "product_id"),
        "purchase_without_transaction": _lacking(purchases, transactions, "transaction_id"),
        "client_session_of_several_users": shared_client_sessions(events),
    }
    of_transactions = {
        "unknown_user": _lacking(transactions, users, "user_id"),
        # A transaction may have several unknown products.
        "unknown_product": _lacking(sold, products, "product_id").select("user_id", ROW_KEY).distinct(),
        "transaction_without_purchase": _lacking(
            transactions.where(F.col("status") != "failed"), first, "transaction_id"
        ),
        "transaction_of_another_user": bought_by_others(transactions, first),
    }
    found = {"events": of_events, "transactions": of_transactions}
    return {
        kind: {name: rows.select(F.col("user_id").alias("owner"), ROW_KEY) for name, rows in of_kind.items()}
        for kind, of_kind in found.items()
    }


def reused_event_ids(events: DataFrame) -> DataFrame:
    """Return the events whose id another event of their user has, too: in the user's bucket, without a shuffle.

    Ids are compared by a hash of 64 bits.
    """
    by_id = W.partitionBy("user_id").orderBy("id")
    hashed = events.select("user_id", ROW_KEY, F.xxhash64("event_id").alias("id"))
    is_other = [F.col("id").eqNullSafe(beside("id").over(by_id)) for beside in (F.lag, F.lead)]
    return hashed.withColumn("is_reused", is_other[0] | is_other[1]).where("is_reused")


def in_order(purchases: DataFrame) -> DataFrame:
    """Return purchases with their `place` (from 1) among those of their transaction, whoever buys."""
    # All but the last of a user's order, its key: the answers, too, have the user next.
    *places, key = order_of(EVENTS)
    order = W.partitionBy("transaction_id").orderBy("occurred_at", *places, "user_id", key)
    return purchases.withColumn("place", F.row_number().over(order))


def shared_client_sessions(events: DataFrame) -> DataFrame:
    """Return the events whose claimed session has events of several users; sessions are compared by a 64-bit hash."""
    claimed = events.where(F.col("client_session_id").isNotNull()).select(
        "user_id", ROW_KEY, F.xxhash64("client_session_id").alias("session"), F.xxhash64("user_id").alias("user")
    )
    users = claimed.groupBy("session").agg(F.min("user").alias("first"), F.max("user").alias("last"))
    shared = users.where(F.col("first") != F.col("last")).select("session")
    return claimed.join(shared, on="session", how="left_semi")


def bought_by_others(transactions: DataFrame, first: DataFrame) -> DataFrame:
    """Return the transactions whose first purchase is another user's."""
    buyers = first.select("transaction_id", F.col("user_id").alias("buyer"))
    return transactions.join(buyers, on="transaction_id").where(F.col("user_id") != F.col("buyer"))


def _lacking(records: DataFrame, known: DataFrame, column: str) -> DataFrame:
    """Return the records whose value is none of those known."""
    # The values that lack are few: they are found first, and each record is then looked up among them alone.
    lacking = records.select(column).distinct().join(known.select(column).distinct(), on=column, how="left_anti")
    return records.join(lacking, on=column, how="left_semi")
