"""Records that are rare in a log: one or more for every reason and every warning, and some at the edge of a rule.

They belong to two users of their own. What becomes of each is written down here by hand.
"""

from __future__ import annotations

from typing import Any

from include.sample_data.shop import shape, texts
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.lines import ODD_CLIENTS, ODD_DETAILS
from include.sample_data.shop.odd_log import OddRecords, line_of
from include.sample_data.shop.shape import HOUR, MINUTE
from spark_jobs.contract import DUPLICATE
from spark_jobs.logs.shop.contract import EVENTS, PRODUCTS, TRANSACTIONS, USERS


def _id(number: int) -> str:
    return f"0dd00000-0000-4000-a000-{number:012d}"


USER, STRANGER, PRODUCT, UNLISTED, CLIENT_SESSION = (_id(number) for number in range(1, 6))
_SINCE = "2020-02-29T12:00:00Z"
ORDER, BY_PHONE, OF_STRANGER, NOWHERE = (_id(number) for number in range(10, 14))
# Every order is of two of the product, and comes to this.
_CENTS = 4_380


def odd_records(calendar: Calendar) -> OddRecords:
    """Make the odd records of the last day of a log, and of the day after it."""
    day = calendar.end - shape.DAY
    odd = OddRecords()
    odd.damage_all(EVENTS, _add_events(odd, day))
    odd.damage_all(TRANSACTIONS, _add_transactions(odd, day))
    _add_users(odd)
    _add_products(odd)
    return odd


def _add_users(odd: OddRecords) -> None:
    """Add the user's records; the stranger has none."""
    user = {"user_id": USER, "tier": "gold", "valid_from": _SINCE, "country": "DE", "email": "Odd@example.com"}
    users = [odd.keep(USERS, user)]
    odd.keep(USERS, {**user, "valid_from": "2020-03-01T00:00:00Z", "country": "Germany"}, "invalid_country")
    odd.keep(USERS, {**user, "valid_from": "2020-03-02T00:00:00+18:00", "email": 7}, "invalid_email")
    odd.keep(USERS, {**user, "valid_from": "2020-03-03T00:00:00Z", "vip": True}, "unnamed_field")
    odd.reject(USERS, line_of({**user, "user_id": USER.upper()}), DUPLICATE)
    odd.damage_all(USERS, users)


def _add_products(odd: OddRecords) -> None:
    """Add the product's records; the unlisted one has none."""
    product = {"product_id": PRODUCT, "name": "Odd", "category": "Odd", "price": "19.5", "valid_from": _SINCE}
    products = [odd.keep(PRODUCTS, product)]
    odd.keep(PRODUCTS, {**product, "valid_from": "2020-03-01T00:00:00.000001Z", "stock": 3}, "unnamed_field")
    odd.reject(PRODUCTS, line_of({**product, "price": 19.50}), DUPLICATE)
    odd.damage_all(PRODUCTS, products)


def _add_events(odd: OddRecords, day: int) -> list[bytes]:
    """Add the events; return one of every type, all good. A session of 57 minutes, two of one event, a stranger's."""
    product, order = {"product_id": PRODUCT}, {"transaction_id": ORDER}
    page, two = {"page_url": "https://shop.example/odd?a=1"}, {**product, "quantity": 2}
    each: dict[str, dict[str, Any]] = {
        "LOGIN": {},
        "PAGE_VIEW": page,
        "PRODUCT_VIEW": product,
        "SEARCH": {"search_query": "odd\t\u00fcber \U0001f3b5"},
        "ADD_TO_CART": two,
        "REMOVE_FROM_CART": {**product, "quantity": 1},
        "CHECKOUT_START": {},
        "PURCHASE": order,
        "LOGOUT": {},
    }
    good = [odd.keep(EVENTS, _event(day, minute, name, **fields)) for minute, (name, fields) in enumerate(each.items())]
    odd.reject(EVENTS, line_of(_event(day, 1, "PAGE_VIEW", page_url="https://shop.example/odd#top")), DUPLICATE)
    for minute, (name, text) in enumerate({**ODD_CLIENTS, **ODD_DETAILS}.items(), start=10):
        odd.keep(EVENTS, line_of(_event(day, minute, "LOGIN")).removesuffix(b"}\n") + text + b"}\n", name)
    for minute in (20, 21):
        odd.keep(EVENTS, {**_event(day, minute, "LOGOUT"), "event_id": _id(99)}, "reused_event_id")
    odd.keep(EVENTS, _event(day, 22, "PURCHASE", **order), "repeated_purchase")
    odd.keep(EVENTS, _event(day, 23, "PRODUCT_VIEW", product_id=UNLISTED), "unknown_product")
    odd.keep(EVENTS, _event(day, 24, "PURCHASE", transaction_id=NOWHERE), "purchase_without_transaction")
    odd.keep(EVENTS, _event(day, 25, "PURCHASE", transaction_id=OF_STRANGER))
    shared = {**page, "session_id": CLIENT_SESSION}
    odd.keep(EVENTS, _event(day, 26, "PAGE_VIEW", **shared), "client_session_of_several_users")
    stranger = {**_event(day, 26, "PAGE_VIEW", **shared), "event_id": _id(98), "user_id": STRANGER}
    odd.keep(EVENTS, stranger, "client_session_of_several_users", "unknown_user")
    again = _event(day, 27, "ADD_TO_CART", **two)
    odd.keep(EVENTS, again)
    loud = {name: again[name].upper() for name in ("event_id", "user_id", "product_id")}
    local = texts.times_at(day + _at(27), 1)
    odd.reject(EVENTS, line_of({**again, **loud, "quantity": 2.0, "occurred_at": local}), DUPLICATE)
    # A pause of exactly the gap, one that is a microsecond longer, and a clock that is ahead.
    odd.keep(EVENTS, _event(day, 57, "LOGOUT"))
    odd.keep(EVENTS, {**_event(day, 87, "PAGE_VIEW", **page), "occurred_at": texts.times_at(day + _at(87) + 1)})
    odd.keep(EVENTS, {**_event(day, 88, "PAGE_VIEW", **page), "occurred_at": texts.times_at(day + shape.DAY)})
    # The long session has all steps, the others a page view. The last one's end is a day ahead.
    odd.counts.update(sessions=4, users=2, converted_sessions=1, cart_sessions=1)
    odd.deepest += [5, 1, 1, 1]
    odd.ends += [day + _at(57), day + _at(87) + 1, day + _at(26), day + shape.DAY]
    return good


def _add_transactions(odd: OddRecords, day: int) -> list[bytes]:
    """Add the transactions; return a good one. Those that are only there for a warning have failed."""
    order: dict[str, Any] = {
        "transaction_id": ORDER,
        "user_id": USER,
        "occurred_at": texts.times_at(day + _at(7)),
        "status": "completed",
        "payment_method": "card",
        "currency": "EUR",
        "items": [{"product_id": PRODUCT, "quantity": 2, "unit_price": "19.50"}],
        "discount": 1,
        "shipping": 4.9,
        "tax": "0.90",
        "total": 43.80,
    }
    good = odd.keep(TRANSACTIONS, order)
    odd.keep(TRANSACTIONS, {**order, "occurred_at": texts.times_at(day + _at(6)), "status": "failed"})
    odd.reject(TRANSACTIONS, line_of({**order, "discount": "1.00", "shipping": 4.90, "total": "43.8"}), DUPLICATE)
    odd.keep(TRANSACTIONS, {**order, "transaction_id": BY_PHONE}, "transaction_without_purchase")
    of_stranger = {**order, "transaction_id": OF_STRANGER, "user_id": STRANGER}
    odd.keep(TRANSACTIONS, of_stranger, "transaction_of_another_user", "unknown_user")
    unlisted = [{**order["items"][0], "product_id": UNLISTED}]
    failed: tuple[tuple[str, dict[str, Any]], ...] = (
        ("invalid_discount", {"discount": -1, "total": 44.80}),
        ("invalid_shipping", {"shipping": "free", "total": 38.90}),
        ("invalid_tax", {"tax": 0.125, "total": 42.90}),
        ("unnamed_field", {"gift_wrap": True}),
        ("unknown_product", {"items": unlisted}),
        ("inconsistent_total", {"total": 43.81}),
        ("inconsistent_total", {"discount": 39.01, "total": 5.79}),
    )
    for number, (warning, fields) in enumerate(failed, start=20):
        odd.keep(TRANSACTIONS, {**order, "transaction_id": _id(number), "status": "failed", **fields}, warning)
    odd.counts["orders"] += 3
    odd.cents.update(gross_revenue=3 * _CENTS, unattributed_revenue=_CENTS)
    return [good]


def _event(day: int, minute: int, name: str, **fields: object) -> dict[str, Any]:
    """Return an event so many minutes after ten; its id follows from the minute."""
    return {
        "event_id": _id(100 + minute),
        "event_type": name,
        "occurred_at": texts.times_at(day + _at(minute)),
        "user_id": USER,
        "device_type": "other",
        **fields,
    }


def _at(minute: int) -> int:
    return 10 * HOUR + minute * MINUTE
