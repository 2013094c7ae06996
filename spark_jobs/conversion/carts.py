"""What was viewed and put into the cart in each session, product by product."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.conversion.steps import SESSION

VIEWED, ADDED, REMOVED = "PRODUCT_VIEW", "ADD_TO_CART", "REMOVE_FROM_CART"
_PRODUCT = (*SESSION, "product_id")


def product_sessions(events: DataFrame) -> DataFrame:
    """Return a row for each session and product of its events: `is_viewed`, `is_added`, and `is_left` in the cart.

    A cart holds max(0, added - removed) after each event: it ends with the largest sum of the events from any one on,
    or with 0. Takes the events of `cut_events`.
    """
    is_added = F.col("event_type") == ADDED
    quantity = F.when(is_added, F.col("quantity")).when(F.col("event_type") == REMOVED, -F.col("quantity")).otherwise(0)
    # Latest first. Events of one type and time may stand in any order: all add, or all remove.
    from_here = W.partitionBy(*_PRODUCT).orderBy(F.desc("occurred_at"), is_added.asc())
    sum_from_here = F.sum(quantity).over(from_here.rowsBetween(W.unboundedPreceding, W.currentRow))
    about_products = events.where(F.col("event_type").isin(VIEWED, ADDED, REMOVED))
    return (
        about_products.withColumn("sum_from_here", sum_from_here)
        .groupBy(*_PRODUCT)
        .agg(
            F.bool_or(F.col("event_type") == VIEWED).alias("is_viewed"),
            F.bool_or(is_added).alias("is_added"),
            (F.max("sum_from_here") > 0).alias("is_left"),
        )
    )


def carts_left(product_sessions: DataFrame) -> DataFrame:
    """Return SESSION of those that end with something in their cart."""
    return product_sessions.groupBy(*SESSION).agg(F.bool_or("is_left").alias("is_cart_left"))
