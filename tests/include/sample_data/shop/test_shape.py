"""A generated shop has the shares and rates that are stated, and its visitors do things in order."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest

from include.sample_data.shop.people import people
from spark_jobs.logs.shop.contract import EVENTS
from tests.include.sample_data.shop.made import MadeLog, make
from tests.shop_model import Event, Transaction

SATURDAY = 5
GAP = timedelta(minutes=30)
TYPES = EVENTS.values_of("event_type")
SHARES = {
    "PAGE_VIEW": 35,
    "PRODUCT_VIEW": 25,
    "SEARCH": 15,
    "ADD_TO_CART": 10,
    "PURCHASE": 5,
    "REMOVE_FROM_CART": 4,
    "CHECKOUT_START": 3,
    "LOGIN": 2,
    "LOGOUT": 1,
}
RATES = {"bronze": 1.0, "silver": 1.3, "gold": 1.6, "platinum": 1.9}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeLog:
    return make(
        tmp_path_factory.mktemp("shape") / "log", "--events", "24000", "--days", "28", "--last-day", "2026-11-29"
    )


@pytest.fixture(scope="module")
def accepted(made: MadeLog) -> dict[str, list]:
    return made.judged().accepted


@pytest.fixture(scope="module")
def visits(accepted: dict[str, list]) -> list[list[Event]]:
    """The events of each session in the order of their times; of one instant, in the order of their types."""
    in_order = sorted(accepted["events"], key=lambda one: (one.user_id, one.occurred_at, TYPES.index(one.event_type)))
    found: list[list[Event]] = []
    before = None
    for event in in_order:
        if not before or before.user_id != event.user_id or event.occurred_at - before.occurred_at > GAP:
            found.append([])
        found[-1].append(event)
        before = event
    return found


def share_errors(types: dict[str, int]) -> dict[str, float]:
    total = sum(types.values())
    return {name: abs(100 * types[name] / total - share) for name, share in SHARES.items()}


def test_event_types_have_their_shares(tmp_path: Path) -> None:
    made = make(tmp_path / "log", "--events", "100000")
    assert sum(made.answer["events_by_type"].values()) == 100_000
    assert max(share_errors(made.answer["events_by_type"]).values()) < 0.5


@pytest.mark.long
def test_million_events_take_less_than_15_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    made = make(tmp_path / "log", "--events", "1000000")
    assert time.process_time() - began < 15
    assert max(share_errors(made.answer["events_by_type"]).values()) < 0.5


def test_tiers_have_their_shares_and_rates() -> None:
    users = people(1, 0, 100_000)
    activity = [users.activity[users.tier == place].mean() for place in range(4)]
    assert np.bincount(users.tier) / 100_000 == pytest.approx([0.60, 0.25, 0.12, 0.03], abs=0.005)
    assert activity / activity[0] == pytest.approx(list(RATES.values()), rel=0.03)


def test_higher_tiers_come_more_often(tmp_path: Path) -> None:
    made = make(tmp_path / "log", "--events", "80000", "--users", "4000")
    pattern = rb'"user_id":"([-0-9a-f]{36})","tier":"([a-z]+)","valid_from":"(2[^"]+)"'
    records = [found.groups() for line in made.lines("users") if (found := re.search(pattern, line))]
    # A later record of a user may have arrived before an earlier one.
    tier = {user: name.decode() for user, name, _ in sorted(records, key=lambda record: record[2])}
    events = Counter(tier.get(one) for one in values(made, rb'"user_id":"([^"]+)"'))
    users = Counter(tier.values())
    rates = {name: events[name] / users[name] for name in RATES}
    for name in ("silver", "gold"):
        assert rates[name] / rates["bronze"] == pytest.approx(RATES[name], rel=0.1), name
    assert rates["platinum"] / rates["bronze"] == pytest.approx(RATES["platinum"], rel=0.25)


def values(made: MadeLog, pattern: bytes) -> list[bytes]:
    """What a pattern finds in the events; the damaged lines among them are too few to matter."""
    return [one for file in made.files("events") for one in re.findall(pattern, file)]


def test_weekends_have_more_transactions(accepted: dict[str, list]) -> None:
    first = {one.transaction_id: one.occurred_at for one in sorted(accepted["transactions"], key=later_first)}
    days = Counter(at.date() for at in first.values())
    weekend = [count for day, count in days.items() if day.weekday() >= SATURDAY]
    others = [count for day, count in days.items() if day.weekday() < SATURDAY]
    assert np.mean(weekend) / np.mean(others) == pytest.approx(1.3, abs=0.1)


def later_first(one: Transaction) -> float:
    return -one.occurred_at.timestamp()


def test_products_are_popular_by_zipfs_law(made: MadeLog) -> None:
    views = Counter(values(made, rb'"PRODUCT_VIEW".*"product_id":"([^"]+)"'))
    most = [count for _, count in views.most_common(20)]
    assert most[0] / most[9] == pytest.approx(10, rel=0.25)
    assert most[1] / most[19] == pytest.approx(10, rel=0.25)


def test_two_purchases_in_five_are_one_click(visits: list[list[Event]]) -> None:
    types = [{event.event_type for event in visit} for visit in visits]
    assert np.mean(["CHECKOUT_START" not in one for one in types if "PURCHASE" in one]) == pytest.approx(0.4, abs=0.03)


def test_sessions_make_sense_in_order(visits: list[list[Event]]) -> None:
    for visit in visits:
        names = [event.event_type for event in visit]
        viewed, cart = set(), Counter[str]()
        for event in visit:
            if event.event_type == "PRODUCT_VIEW":
                viewed.add(event.product_id)
            elif event.event_type in ("ADD_TO_CART", "REMOVE_FROM_CART"):
                assert event.product_id in viewed
                cart[event.product_id] += event.quantity if event.event_type == "ADD_TO_CART" else -event.quantity
                assert cart[event.product_id] >= 0
            elif event.event_type == "CHECKOUT_START":
                assert +cart
            elif event.event_type == "PURCHASE":
                assert viewed
        assert names.count("PURCHASE") <= 1
        assert "LOGIN" not in names[1:]
        assert "LOGOUT" not in names[:-1]
        assert "LOGOUT" not in names or "LOGIN" in names


def test_checkout_buys_what_is_in_the_cart(visits: list[list[Event]], accepted: dict[str, list]) -> None:
    bought = {one.transaction_id: one.items for one in accepted["transactions"]}
    with_checkout = [visit for visit in visits if "CHECKOUT_START" in {event.event_type for event in visit}]
    same = 0
    for visit in with_checkout:
        cart, items = Counter[str](), Counter[str]()
        for event in visit:
            sign = {"ADD_TO_CART": 1, "REMOVE_FROM_CART": -1}.get(event.event_type, 0)
            cart[event.product_id or ""] += sign * (event.quantity or 0)
        for item in bought.get(visit_purchase(visit), ()):
            items[item.product_id] += item.quantity
        same += +cart == items
    # The others have no transaction, or name that of an earlier purchase.
    assert 0.97 * len(with_checkout) < same < len(with_checkout)


def visit_purchase(visit: list[Event]) -> str | None:
    return next((event.transaction_id for event in visit if event.event_type == "PURCHASE"), None)


def test_transactions_cost_what_products_cost_then(accepted: dict[str, list]) -> None:
    prices: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for product in sorted(accepted["products"], key=lambda product: product.valid_from):
        prices[product.product_id].append((product.valid_from, product.price))
    checked = 0
    for transaction in accepted["transactions"]:
        for item in transaction.items:
            if transaction.status == "completed" and item.product_id in prices:
                checked += 1
                valid = [price for since, price in prices[item.product_id] if since <= transaction.occurred_at]
                assert [item.unit_price] == valid[-1:]
    assert checked > 1000


def test_pauses_reach_the_gap_and_just_beyond(accepted: dict[str, list]) -> None:
    in_order = sorted(accepted["events"], key=lambda event: (event.user_id, event.occurred_at))
    pauses = Counter(
        (after.occurred_at - before.occurred_at).total_seconds()
        for _, events in groupby(in_order, key=user_of)
        for before, after in pairwise(events)
    )
    assert pauses[0] > 20
    assert pauses[1800] > 5
    assert pauses[1800.000001] > 5


def user_of(event: Event) -> str:
    return event.user_id
