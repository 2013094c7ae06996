"""The rules of the shop's records, by the kind and the names that their contract has for them."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.logs.shop.across import flag_across
from spark_jobs.logs.shop.contract import EVENTS, JSON_LINES, PRODUCTS, TRANSACTIONS, USERS
from spark_jobs.shared.json_rules import json_rules

_CENTS = 100


def transaction_warnings() -> dict[str, Column]:
    """Return when a transaction is counted for what only a transaction is warned of; never null."""
    return {"inconsistent_total": F.coalesce(~_adds_up(), F.lit(False))}


def _adds_up() -> Column:
    """Is the total what items, discount, shipping and tax come to, the discount no more than the items?"""
    # In cents, and as whole numbers, which hold the largest sum there can be.
    sum_of_items = F.aggregate(
        "items", F.lit(0).cast("long"), lambda total, item: total + _cents(item["unit_price"]) * item["quantity"]
    )
    discount, shipping, tax = (F.coalesce(_cents(F.col(name)), F.lit(0)) for name in ("discount", "shipping", "tax"))
    due = sum_of_items - discount + shipping + tax
    return (due == _cents(F.col("total"))) & (discount <= sum_of_items)


def _cents(amount: Column) -> Column:
    return (amount * _CENTS).cast("long")


RULES = {
    records.name: json_rules(records, JSON_LINES, transaction_warnings if records is TRANSACTIONS else dict)
    for records in (EVENTS, TRANSACTIONS, USERS, PRODUCTS)
}

__all__ = ["RULES", "flag_across"]
