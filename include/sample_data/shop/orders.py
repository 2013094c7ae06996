"""What becomes of purchases: their transactions, with amounts that add up, and what is known of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from include.sample_data.shop import shape, texts
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.catalogue import Catalogue
from include.sample_data.shop.people import People
from include.sample_data.shop.records import Line
from include.sample_data.shop.shape import DAY, SECOND, drawn
from include.sample_data.shop.transactions import Basket, Transaction, records_of
from include.sample_data.shop.visits import Visits

_FATES = tuple(shape.FATES)
_METHODS, _METHOD_SHARES = ("card", "paypal", "invoice", "apple_pay", "gift_card"), (0.5, 0.25, 0.12, 0.1, 0.03)
_DISCOUNTED = 0.2


@dataclass
class Orders:
    """The transactions of a block's purchases, what they come to in cents, and by visit what is known of its PURCHASE.

    `named`: the transaction that the PURCHASE names. `warning`: the PURCHASE's own, or "". `failed`: its transaction's.
    """

    named: dict[int, bytes] = field(default_factory=dict)
    warning: dict[int, str] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    records: list[Line] = field(default_factory=list)
    orders: int = 0
    gross: int = 0
    refunded: int = 0
    unattributed: int = 0

    def add(self, fate: str, transaction: Transaction, users: People) -> None:
        """Write the records of a transaction, and count what it comes to."""
        self.records += records_of(fate, transaction, users)
        if fate == "failed":
            return
        total = transaction.total(fate)
        self.orders += 1
        self.gross += total
        self.refunded += total if fate in ("refunded", "refunded_later") else 0


def make_orders(
    rng: np.random.Generator, visits: Visits, users: People, products: Catalogue, calendar: Calendar
) -> Orders:
    """Make the transactions of all purchases of a block, and some that no PURCHASE names."""
    result = Orders()
    buys = visits.events.type == shape.PURCHASE
    visit, at = visits.events.visit[buys], visits.events.time[buys]
    user = visits.users[visit]
    # In the order of each user's time, so that a later purchase can name the transaction of the one before.
    order = np.lexsort((at, user))
    visit, at, user = visit[order], at[order], user[order]
    fates = [_FATES[fate] for fate in drawn(rng, len(visit), tuple(shape.FATES.values())).tolist()]
    baskets = _baskets(visits, dict(zip(visit.tolist(), at.tolist(), strict=True)), products)
    made = _transactions(rng, user, at, [baskets[one] for one in visit.tolist()], calendar)
    before: Transaction | None = None
    for place, fate, one in zip(visit.tolist(), fates, made, strict=True):
        if fate == "repeated_purchase" and before and before.user == one.user:
            result.named[place], result.warning[place] = before.id, fate
            continue
        result.named[place] = one.id
        if fate == "purchase_without_transaction":
            result.warning[place] = fate
        else:
            # The first purchase of a user can repeat none.
            its_fate = "completed" if fate == "repeated_purchase" else fate
            result.add(its_fate, one, users)
            if its_fate == "failed":
                result.failed.add(place)
            before = one if its_fate == "completed" else None
    _add_orders_by_phone(rng, result, users, products, calendar, round(shape.WITHOUT_PURCHASE * len(visit)))
    return result


def _transactions(
    rng: np.random.Generator, user: np.ndarray, at: np.ndarray, baskets: list[Basket], calendar: Calendar
) -> Iterator[Transaction]:
    """Yield a transaction for each basket, with its user and time."""
    number = len(baskets)
    refunded_at = at + rng.integers(1 * DAY, 10 * DAY, number)
    refunded_at = np.where(refunded_at < calendar.end, refunded_at, at + SECOND)
    ids, methods = texts.drawn_ids(rng, number), drawn(rng, number, _METHOD_SHARES).tolist()
    discounted = (rng.random(number) < _DISCOUNTED).tolist()
    for place in range(number):
        yield Transaction(
            ids[place],
            int(user[place]),
            int(at[place]),
            int(refunded_at[place]),
            _METHODS[methods[place]],
            baskets[place],
            discounted[place],
        )


def _baskets(visits: Visits, bought_at: dict[int, int], products: Catalogue) -> dict[int, Basket]:
    """Price what each visit buys at the time of its purchase."""
    items = visits.items
    times = np.array([bought_at[visit] for visit in items.visit.tolist()], np.int64)
    prices = products.price_at(items.product, times).tolist()
    known = products.is_known
    baskets: dict[int, Basket] = defaultdict(Basket)
    columns = (items.visit.tolist(), items.product.tolist(), items.quantity.tolist(), prices)
    for visit, product, quantity, price in zip(*columns, strict=True):
        baskets[visit].add(products.ids[product], quantity, price, bool(known[product]))
    return baskets


def _add_orders_by_phone(
    rng: np.random.Generator, result: Orders, users: People, products: Catalogue, calendar: Calendar, number: int
) -> None:
    """Add completed transactions of one product that no PURCHASE names."""
    user, product = rng.integers(0, len(users.ids), number), rng.integers(0, len(products.ids), number)
    at = calendar.drawn(rng, np.ones(number, bool))
    baskets = [Basket() for _ in range(number)]
    for basket, one, price in zip(baskets, product.tolist(), products.price_at(product, at).tolist(), strict=True):
        basket.add(products.ids[one], 1, price, bool(products.is_known[one]))
    for transaction in _transactions(rng, user, at, baskets, calendar):
        result.add("transaction_without_purchase", transaction, users)
        result.unattributed += transaction.total("transaction_without_purchase")
