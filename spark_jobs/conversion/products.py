"""How each product does: viewed, put into carts, bought."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion.orders import MONEY
from spark_jobs.conversion.steps import SESSION

_PRODUCT = (*SESSION, "product_id")
_COUNTS = ("view_sessions", "cart_sessions", "buyers", "units")


def product_performance(product_sessions: DataFrame, orders: DataFrame) -> DataFrame:
    """Return a row for each product that was viewed, put into a cart or ordered, as PRODUCT_PERFORMANCE has it.

    Buyers, units and revenue are of all orders; a buyer is the transaction's user. An order is in the session of its
    first PURCHASE. `product_sessions` are those of `carts`, and `orders` those of `orders`.
    """
    items = orders.select("user_id", "purchased", F.explode("items").alias("item")).select(
        "user_id", "purchased.ended_at", F.col("purchased.user_id").alias("purchased_by"), "item.*"
    )
    # A product that was only taken out of carts is in none of the three.
    seen = product_sessions.where(F.col("is_viewed") | F.col("is_added"))
    # Each side has a product once, so the join repeats none.
    found = _in_sessions(seen, items).join(_sold(items), on="product_id", how="full")
    counts = {name: F.coalesce(name, F.lit(0).cast("long")) for name in _COUNTS}
    return found.withColumns(
        {
            **counts,
            "revenue": F.coalesce("revenue", F.lit(0).cast(MONEY)),
            "view_to_cart_rate": F.try_divide("both_sessions", "view_sessions"),
            "cart_to_buy_rate": F.try_divide("bought_sessions", "cart_sessions"),
        }
    )


def _in_sessions(seen: DataFrame, items: DataFrame) -> DataFrame:
    purchased = items.where(F.col("ended_at").isNotNull()).withColumn("user_id", F.col("purchased_by"))
    # A session may have several orders of a product.
    bought = purchased.groupBy(*_PRODUCT).agg(F.lit(True).alias("is_bought"))
    is_viewed, is_added = F.col("is_viewed"), F.col("is_added")
    return (
        seen.join(bought, on=list(_PRODUCT), how="left")
        .groupBy("product_id")
        .agg(
            F.count_if(is_viewed).alias("view_sessions"),
            F.count_if(is_added).alias("cart_sessions"),
            F.count_if(is_viewed & is_added).alias("both_sessions"),
            F.count_if(is_added & F.col("is_bought")).alias("bought_sessions"),
        )
    )


def _sold(items: DataFrame) -> DataFrame:
    price = F.col("quantity") * F.col("unit_price")
    by_buyer = items.groupBy("product_id", "user_id").agg(
        F.sum("quantity").alias("units"), F.sum(price).alias("revenue")
    )
    return by_buyer.groupBy("product_id").agg(
        F.count(F.lit(1)).alias("buyers"), F.sum("units").alias("units"), F.sum("revenue").cast(MONEY).alias("revenue")
    )
