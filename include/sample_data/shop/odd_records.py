"""Records that are rare in a log: one or more for every reason and every warning, and some at the edge of a rule.

They belong to two users of their own and come in files of their own. These begin with a byte-order mark, their lines
end with a carriage return, their last line has no end. What is known of them is written down here by hand.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from include.sample_data.shop import damage, shape, texts
from include.sample_data.shop.answer import Answer
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.lines import ODD_CLIENTS, ODD_DETAILS
from include.sample_data.shop.shape import HOUR, MINUTE
from spark_jobs.contract import DUPLICATE, Records
from spark_jobs.logs.shop.contract import EVENTS, PRODUCTS, TRANSACTIONS, USERS

NAME = "odd.jsonl"
_MARK = b"\xef\xbb\xbf"


def _id(number: int) -> str:
    return f"0dd00000-0000-4000-a000-{number:012d}"


USER, STRANGER, PRODUCT, UNLISTED, CLIENT_SESSION = (_id(number) for number in range(1, 6))
ORDER, BY_PHONE, OF_STRANGER, NOWHERE = (_id(number) for number in range(10, 14))
# Every order is of two of the product, and comes to 43.80.
CENTS = 4_380
_ORDERS = 3


@dataclass
class OddRecords:
    """The lines of each kind, and what becomes of them."""

    day: int
    lines: dict[str, list[bytes]] = field(default_factory=dict)
    rejected: dict[str, Counter[str]] = field(default_factory=dict)
    warnings: dict[str, Counter[str]] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)

    def keep(self, records: Records, record: dict[str, Any] | bytes, *warnings: str) -> bytes:
        """Add a record that is accepted, with its warnings; return its line."""
        line = record if isinstance(record, bytes) else _line(record)
        self.lines.setdefault(records.name, []).append(line)
        self.warnings.setdefault(records.name, Counter()).update(warnings)
        self.accepted[records.name] += 1
        if records is EVENTS:
            self.types[json.loads(line)["event_type"].strip()] += 1
        return line

    def reject(self, records: Records, line: bytes, reason: str) -> None:
        """Add a record that is rejected for this reason."""
        self.lines.setdefault(records.name, []).append(line)
        self.rejected.setdefault(records.name, Counter())[reason] += 1

    def damage_all(self, records: Records, good: list[bytes]) -> None:
        """Add a copy of a good record damaged in every way for every reason."""
        for reason in damage.reasons_of(records):
            types = damage.types_for(records, reason)
            line = next(one for one in good if not types or json.loads(one)["event_type"] in types)
            for way in range(damage.ways(records, reason)):
                self.reject(records, damage.damaged(line, records, reason, way), reason)

    def content(self, kind: str) -> bytes:
        """Return the file of a kind."""
        return _MARK + b"\r\n".join(line.removesuffix(b"\n") for line in self.lines[kind])

    def count(self, answer: Answer) -> None:
        """Add what is known of them to an answer: three orders, and four sessions of two users."""
        for kind, dirt in answer.dirt.items():
            dirt.accepted += self.accepted[kind]
            dirt.rejected.update(self.rejected[kind])
            answer.warnings[kind].update(self.warnings[kind])
        answer.types.update(self.types)
        answer.counts.update(sessions=4, users=2, converted_sessions=1, cart_sessions=1, orders=_ORDERS)
        answer.cents.update(gross_revenue=_ORDERS * CENTS, unattributed_revenue=CENTS)
        # The long one has all steps, the others have a page view.
        answer.reached.update((5, 1, 1, 1))
        answer.add_ends([self.day + _at(57), self.day + _at(87) + 1, self.day + _at(26), self.day + shape.DAY])


def odd_records(calendar: Calendar) -> OddRecords:
    """Make the odd records of the last day of a log, and of the day after it."""
    odd = OddRecords(calendar.end - shape.DAY)
    odd.damage_all(EVENTS, _add_events(odd))
    odd.damage_all(TRANSACTIONS, _add_transactions(odd))
    since = "2020-02-29T12:00:00Z"
    user = {"user_id": USER, "tier": "gold", "valid_from": since, "country": "DE", "email": "Odd@example.com"}
    product = {"product_id": PRODUCT, "name": "Odd", "category": "Odd", "price": "19.5", "valid_from": since}
    users = [odd.keep(USERS, user)]
    odd.keep(USERS, {**user, "valid_from": "2020-03-01T00:00:00Z", "country": "Germany"}, "invalid_country")
    odd.keep(USERS, {**user, "valid_from": "2020-03-02T00:00:00+18:00", "email": 7}, "invalid_email")
    odd.keep(USERS, {**user, "valid_from": "2020-03-03T00:00:00Z", "vip": True}, "unnamed_field")
    odd.reject(USERS, _line({**user, "email": "Odd@example.com", "user_id": USER.upper()}), DUPLICATE)
    odd.damage_all(USERS, users)
    products = [odd.keep(PRODUCTS, product)]
    odd.keep(PRODUCTS, {**product, "valid_from": "2020-03-01T00:00:00.000001Z", "stock": 3}, "unnamed_field")
    odd.reject(PRODUCTS, _line({**product, "price": 19.50}), DUPLICATE)
    odd.damage_all(PRODUCTS, products)
    return odd


def _add_events(odd: OddRecords) -> list[bytes]:
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
    good = [odd.keep(EVENTS, _event(odd, minute, name, **fields)) for minute, (name, fields) in enumerate(each.items())]
    odd.reject(EVENTS, _line(_event(odd, 1, "PAGE_VIEW", page_url="https://shop.example/odd#top")), DUPLICATE)
    for minute, (name, text) in enumerate({**ODD_CLIENTS, **ODD_DETAILS}.items(), start=10):
        odd.keep(EVENTS, _line(_event(odd, minute, "LOGIN")).removesuffix(b"}\n") + text + b"}\n", name)
    for minute in (20, 21):
        odd.keep(EVENTS, {**_event(odd, minute, "LOGOUT"), "event_id": _id(99)}, "reused_event_id")
    odd.keep(EVENTS, _event(odd, 22, "PURCHASE", **order), "repeated_purchase")
    odd.keep(EVENTS, _event(odd, 23, "PRODUCT_VIEW", product_id=UNLISTED), "unknown_product")
    odd.keep(EVENTS, _event(odd, 24, "PURCHASE", transaction_id=NOWHERE), "purchase_without_transaction")
    odd.keep(EVENTS, _event(odd, 25, "PURCHASE", transaction_id=OF_STRANGER))
    shared = {**page, "session_id": CLIENT_SESSION}
    odd.keep(EVENTS, _event(odd, 26, "PAGE_VIEW", **shared), "client_session_of_several_users")
    stranger = {**_event(odd, 26, "PAGE_VIEW", **shared), "event_id": _id(98), "user_id": STRANGER}
    odd.keep(EVENTS, stranger, "client_session_of_several_users", "unknown_user")
    again = _event(odd, 27, "ADD_TO_CART", **two)
    odd.keep(EVENTS, again)
    loud = {name: again[name].upper() for name in ("event_id", "user_id", "product_id")}
    local = texts.times_at(odd.day + _at(27), 1)
    odd.reject(EVENTS, _line({**again, **loud, "quantity": 2.0, "occurred_at": local}), DUPLICATE)
    # A pause of exactly the gap, one that is a microsecond longer, and a clock that is ahead.
    odd.keep(EVENTS, _event(odd, 57, "LOGOUT"))
    odd.keep(EVENTS, {**_event(odd, 87, "PAGE_VIEW", **page), "occurred_at": texts.times_at(odd.day + _at(87) + 1)})
    odd.keep(EVENTS, {**_event(odd, 88, "PAGE_VIEW", **page), "occurred_at": texts.times_at(odd.day + shape.DAY)})
    return good


def _add_transactions(odd: OddRecords) -> list[bytes]:
    """Add the transactions; return a good one. Those that are only there for a warning have failed."""
    order: dict[str, Any] = {
        "transaction_id": ORDER,
        "user_id": USER,
        "occurred_at": texts.times_at(odd.day + _at(7)),
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
    odd.keep(TRANSACTIONS, {**order, "occurred_at": texts.times_at(odd.day + _at(6)), "status": "failed"})
    odd.reject(TRANSACTIONS, _line({**order, "discount": "1.00", "shipping": 4.90, "total": "43.8"}), DUPLICATE)
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
    return [good]


def _event(odd: OddRecords, minute: int, name: str, **fields: object) -> dict[str, Any]:
    """Return an event so many minutes after ten; its id follows from the minute."""
    return {
        "event_id": _id(100 + minute),
        "event_type": name,
        "occurred_at": texts.times_at(odd.day + _at(minute)),
        "user_id": USER,
        "device_type": "other",
        **fields,
    }


def _at(minute: int) -> int:
    return 10 * HOUR + minute * MINUTE


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
