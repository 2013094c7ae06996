"""Warnings that a record of the shop shows only beside others."""

from __future__ import annotations

from decimal import Decimal

from pyspark.sql import SparkSession

from spark_jobs.logs.shop.across import flag_across, in_order
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.log_tables import kind_table
from tests.shop_frames import accepted
from tests.shop_model import Item
from tests.shop_rows import ANN, BOB, SHOE, SOCK, at, order, purchase


def test_transactions_of_two_unknown_products_count_once(spark: SparkSession) -> None:
    items = tuple(Item(product, 1, Decimal(1)) for product in (SHOE, SOCK))
    sold = vars(order("2.00", items=items)) | {"row_key": 1}
    frames = {
        kind.name: accepted(spark, [sold] if kind.name == "transactions" else [], kind_table(SHOP, kind).schema)
        for kind in SHOP.kinds
    }
    found = flag_across(frames)["transactions"]["unknown_product"]
    assert [tuple(row) for row in found.collect()] == [(ANN, 1)]


def test_lesser_user_bought_first_of_equal_purchases(spark: SparkSession) -> None:
    moment = at("12:00:00")
    # The order of the keys is not that of the users.
    bought = [
        vars(purchase(moment, user_id=user)) | {"device_type": "mobile", "row_key": key}
        for user, key in ((ANN, 2), (BOB, 1))
    ]
    events = accepted(spark, bought, kind_table(SHOP, SHOP.events).schema)
    assert {row.user_id: row.place for row in in_order(events).collect()} == {ANN: 1, BOB: 2}
