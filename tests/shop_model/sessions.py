"""A user's events cut into sessions, and what becomes of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.shop_model.orders import first_purchases, in_order, is_order, that_count
from tests.shop_model.rows import TIERS, Event, Transaction, User

GAP = timedelta(minutes=30)
ENGAGED = timedelta(seconds=10)


def end_of(run_date: date) -> datetime:
    """The midnight that ends a day."""
    return datetime(run_date.year, run_date.month, run_date.day, tzinfo=UTC) + timedelta(days=1)


def tier_at(users: Iterable[User], user_id: str, moment: datetime) -> str:
    """Return the tier of the latest record not after a time; of equal ones the higher; "unknown" before all."""
    known = [
        (user.valid_from, TIERS.index(user.tier))
        for user in users
        if user.user_id == user_id and user.valid_from <= moment
    ]
    return TIERS[max(known)[1]] if known else "unknown"


@dataclass
class Session:
    """A session with its events in order. The rules name no form of `session_id`: it is its user and its start."""

    run: list[Event]
    tier: str
    orders: list[Transaction]
    is_converted: bool
    is_open: bool

    @property
    def user_id(self) -> str:
        return self.run[0].user_id

    @property
    def started_at(self) -> datetime:
        return self.run[0].occurred_at

    @property
    def ended_at(self) -> datetime:
        return self.run[-1].occurred_at

    @property
    def device_type(self) -> str:
        return self.run[0].device_type

    @property
    def duration_seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def type_counts(self) -> Counter[str]:
        return Counter(event.event_type for event in self.run)

    @property
    def distinct_products(self) -> int:
        """The distinct product ids of all its events: those of types that need none count, those of orders do not."""
        return len({event.product_id for event in self.run if event.product_id is not None})

    @property
    def gross_revenue(self) -> Decimal:
        return sum((order.total for order in self.orders), Decimal(0))

    @property
    def refunded(self) -> Decimal:
        return sum((order.total for order in self.orders if order.status == "refunded"), Decimal(0))

    @property
    def is_bounced(self) -> bool:
        """Not engaged. Any PURCHASE engages, a failed one too; two views may be of one kind."""
        counts = self.type_counts
        acts = counts["PURCHASE"] + counts["ADD_TO_CART"] > 0
        views = counts["PAGE_VIEW"] + counts["PRODUCT_VIEW"]
        return not (self.ended_at - self.started_at > ENGAGED or acts or views >= 2)

    @property
    def has_cart(self) -> bool:
        return self.type_counts["ADD_TO_CART"] > 0

    @property
    def cart(self) -> dict[str, int]:
        """What is in the cart at the end: a removal takes no more than there is, even if more is added later."""
        cart: Counter[str] = Counter()
        for event in self.run:
            if event.event_type == "ADD_TO_CART":
                cart[event.product_id] += event.quantity
            elif event.event_type == "REMOVE_FROM_CART":
                cart[event.product_id] = max(0, cart[event.product_id] - event.quantity)
        return cart

    @property
    def is_abandoned(self) -> bool:
        return any(self.cart.values()) and not self.is_converted


def runs_of(events: Iterable[Event], gap: timedelta = GAP) -> list[list[Event]]:
    """Return each user's events in order, cut where one comes more than the gap after the one before."""
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=in_order):
        by_user[event.user_id].append(event)
    runs: list[list[Event]] = []
    for _, own in sorted(by_user.items()):
        before = None
        for event in own:
            if before is None or event.occurred_at - before > gap:
                runs.append([])
            runs[-1].append(event)
            before = event.occurred_at
    return runs


def sessions_of(
    events: list[Event], transactions: list[Transaction], users: list[User], run_date: date
) -> list[Session]:
    """Return all sessions by user and start, those after the run date too.

    Without an event on or before the run date there is nothing that a session's end could reach: none is open.
    """
    orders, first = that_count(transactions), first_purchases(events)
    until = [event.occurred_at for event in events if event.occurred_at < end_of(run_date)]
    return [
        Session(
            run=run,
            tier=tier_at(users, run[0].user_id, run[0].occurred_at),
            orders=[orders[one] for one, purchase in first.items() if is_order(orders.get(one)) and purchase in run],
            is_converted=any(buys(event, orders) for event in run),
            is_open=bool(until) and run[-1].occurred_at + GAP >= max(until),
        )
        for run in runs_of(events)
    ]


def buys(event: Event, orders: dict[str, Transaction]) -> bool:
    """Say whether an event is a PURCHASE that has not failed: its transaction may be missing."""
    if event.event_type != "PURCHASE":
        return False
    return event.transaction_id not in orders or is_order(orders[event.transaction_id])
