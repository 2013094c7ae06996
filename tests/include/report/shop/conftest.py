"""A small shop that most tests of its report look at."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from spark_jobs.shared.lake import Lake
from tests.shop_logs import ShopLog
from tests.shop_model import Product, User
from tests.shop_rows import ANN, BOB, DAY, SHOE, SOCK, at, event, order, steps

SCRIPT = "<script>alert(1)</script>"
TEN = at("10:00:00", 8)


def small_shop() -> ShopLog:
    """Ann buys a shoe with every step a second apart, Bob leaves a sock in his cart two days later."""
    bought = steps(*(TEN + timedelta(seconds=second) for second in range(5)), device_type="desktop")
    left = steps(*[at("11:00:00", 10)] * 3, user_id=BOB, device_type="mobile", product_id=SOCK)
    alone = order("2.50", "refunded", TEN, transaction_id="alone", user_id=BOB)
    return ShopLog(
        [*bought, *left, event("LOGIN", at("12:00:00", 10), "cid", device_type="mobile")],
        [order("1005.00", moment=TEN), alone],
        [User(ANN, "gold", DAY), User(BOB, "bronze", DAY)],
        [
            Product(SHOE, "Old name", "shoes", Decimal(5), DAY),
            Product(SHOE, SCRIPT, "shoes", Decimal(5), TEN),
            Product(SHOE, "Name of a later day", "shoes", Decimal(5), at("00:00:00", 11)),
        ],
    )


@pytest.fixture
def shop(tmp_path: Path) -> Lake:
    """An empty lake of the shop."""
    return Lake(str(tmp_path / "lake"), "shop")
