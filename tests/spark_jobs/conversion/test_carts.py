from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession

from spark_jobs.conversion.carts import product_sessions
from tests.frames import frame_of

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ADD, REMOVE, VIEW = "ADD_TO_CART", "REMOVE_FROM_CART", "PRODUCT_VIEW"
# A session's events about one product (second, type, quantity), and whether some of it is left in the cart.
CARTS = {
    "added": ([(0, ADD, 1)], True),
    "viewed only": ([(0, VIEW, None)], False),
    "as many removed": ([(0, ADD, 2), (1, REMOVE, 2)], False),
    "fewer removed": ([(0, ADD, 2), (1, REMOVE, 1)], True),
    "removed before it was added": ([(0, REMOVE, 5), (1, ADD, 1)], True),
    "removed more than there was, then added": ([(0, ADD, 1), (1, REMOVE, 5), (2, ADD, 1)], True),
    "removed at the instant it was added": ([(0, REMOVE, 1), (0, ADD, 1)], False),
    "viewed after it was removed": ([(0, ADD, 1), (1, REMOVE, 1), (2, VIEW, None)], False),
}


@pytest.fixture(scope="module")
def left(spark: SparkSession) -> dict[str, bool]:
    """Whether something is left, by the name of the cart: each is a user's."""
    rows = [
        (name, NOON, NOON + timedelta(seconds=second), event_type, "shoe", quantity)
        for name, (events, _) in CARTS.items()
        for second, event_type, quantity in events
    ]
    schema = (
        "user_id string, ended_at timestamp, occurred_at timestamp, event_type string, product_id string, quantity int"
    )
    found = product_sessions(frame_of(spark, rows, schema)).select("user_id", "is_left").collect()
    return {row.user_id: row.is_left for row in found}


@pytest.mark.parametrize(("name", "is_left"), [(name, is_left) for name, (_, is_left) in CARTS.items()])
def test_cart_is_what_was_added_and_not_removed(left: dict[str, bool], name: str, is_left: bool) -> None:
    assert left[name] == is_left
