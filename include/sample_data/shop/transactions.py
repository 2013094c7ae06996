"""One transaction, and the records that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from include.sample_data.shop import texts
from include.sample_data.shop.people import People
from include.sample_data.shop.records import Line
from include.sample_data.shop.shape import SECOND

_FREE_SHIPPING_FROM, _SHIPPING = 5_000, 490
_DISCOUNT_PERCENT, _TAX_PERCENT = 10, 7
_WRONG_BY = 100
_RETRIED_AFTER = 30 * SECOND
_INVALID = {"invalid_discount": b"-1.00", "invalid_shipping": b'"free"', "invalid_tax": b"0.125"}
_ADDED = {"unnamed_field": b',"gift_wrap":true'}
# The fates that are warnings of a transaction's record.
_WARNINGS = ("transaction_of_another_user", "transaction_without_purchase", "inconsistent_total", *_INVALID, *_ADDED)


@dataclass
class Basket:
    """What is bought: the items as they are written, their sum in cents, and whether a product has no record."""

    items: list[bytes] = field(default_factory=list)
    cents: int = 0
    has_unknown: bool = False

    def add(self, product_id: bytes, quantity: int, price: int, is_known: bool) -> None:
        """Add so many of a product, at a price in cents each."""
        row = (product_id, quantity, texts.money(price))
        self.items.append(b'{"product_id":"%b","quantity":%d,"unit_price":%b}' % row)
        self.cents += quantity * price
        self.has_unknown |= not is_known


@dataclass(frozen=True)
class Transaction:
    """A transaction before its fate is known: `user` is a place in the block's users, times are microseconds."""

    id: bytes
    user: int
    at: int
    refunded_at: int
    method: str
    basket: Basket
    is_discounted: bool

    def amounts(self, fate: str) -> dict[str, int]:
        """Return discount, shipping and tax in cents, those that are valid and there."""
        cents = self.basket.cents
        discount = cents * _DISCOUNT_PERCENT // 100 if self.is_discounted else 0
        amounts = {
            "discount": discount,
            "shipping": 0 if cents >= _FREE_SHIPPING_FROM else _SHIPPING,
            "tax": (cents - discount) * _TAX_PERCENT // 100,
        }
        amounts.pop(fate.removeprefix("invalid_"), None)
        return {name: amount for name, amount in amounts.items() if amount or name == "tax"}

    def total(self, fate: str) -> int:
        """Return what is paid, in cents."""
        amounts = self.amounts(fate)
        rest = amounts.get("shipping", 0) + amounts.get("tax", 0) - amounts.get("discount", 0)
        return self.basket.cents + rest + _WRONG_BY * (fate == "inconsistent_total")


def records_of(fate: str, transaction: Transaction, users: People) -> list[Line]:
    """Write the records of a transaction, one for each status that it had."""
    steps = {
        "refunded": [("refunded", transaction.at)],
        "refunded_later": [("completed", transaction.at), ("refunded", transaction.refunded_at)],
        "failed": [("failed", transaction.at)],
        "failed_then_completed": [("failed", transaction.at), ("completed", transaction.at + _RETRIED_AFTER)],
    }.get(fate, [("completed", transaction.at)])
    user = (transaction.user + (fate == "transaction_of_another_user")) % len(users.ids)
    warnings = tuple(
        name
        for name, applies in (
            (fate, fate in _WARNINGS),
            ("unknown_user", not users.is_known_at(user)),
            ("unknown_product", transaction.basket.has_unknown),
        )
        if applies
    )
    written = texts.times(np.array([at for _, at in steps]))
    return [
        Line(at, _record(fate, transaction, status, users.ids[user], time), warnings)
        for (status, at), time in zip(steps, written, strict=True)
    ]


def _record(fate: str, transaction: Transaction, status: str, user_id: bytes, at: bytes) -> bytes:
    amounts = {name: texts.money(cents) for name, cents in transaction.amounts(fate).items()}
    if fate in _INVALID:
        amounts[fate.removeprefix("invalid_")] = _INVALID[fate]
    return (
        b'{"transaction_id":"%b","user_id":"%b","occurred_at":"%b","status":"%b","payment_method":"%b",'
        b'"currency":"EUR","items":[%b]%b,"total":%b%b}\n'
    ) % (
        transaction.id,
        user_id,
        at,
        status.encode(),
        transaction.method.encode(),
        b",".join(transaction.basket.items),
        b"".join(b',"%b":%b' % (name.encode(), amount) for name, amount in amounts.items()),
        texts.money(transaction.total(fate)),
        _ADDED.get(fate, b""),
    )
