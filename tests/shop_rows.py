"""Rows of a small shop log for tests by hand: Ann, Bob, a shoe and a sock, in May 2024."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.shop_model import Event, Item, Session, Transaction, User, answers, sessions_of
from tests.shop_model.funnel import STEPS

D = date(2024, 5, 10)
ANN, BOB, SHOE, SOCK = "ann", "bob", "shoe", "sock"
DAY = datetime(2024, 5, 1, tzinfo=UTC)


def at(clock: str, day: int = 1) -> datetime:
    return datetime.fromisoformat(f"2024-05-{day:02}T{clock}+00:00")


def event(event_type: str, moment: datetime, user_id: str = ANN, **more: object) -> Event:
    fields = {"event_id": "e", "product_id": SHOE if event_type in ("PRODUCT_VIEW", "ADD_TO_CART") else None, **more}
    return Event(event_type=event_type, occurred_at=moment, user_id=user_id, **fields)


def purchase(moment: datetime, transaction_id: str = "t", user_id: str = ANN, **more: object) -> Event:
    return event("PURCHASE", moment, user_id, transaction_id=transaction_id, **more)


def order(total: str, status: str = "completed", moment: datetime = DAY, **more: object) -> Transaction:
    fields = {"transaction_id": "t", "user_id": ANN, "items": (Item(SHOE, 1, Decimal(total)),), **more}
    return Transaction(
        occurred_at=moment, status=status, payment_method="card", currency="EUR", total=Decimal(total), **fields
    )


def sessions(*events: Event, orders: Iterable[Transaction] = (), users: Iterable[User] = ()) -> list[Session]:
    return sessions_of(list(events), list(orders), list(users), D)


def table(name: str, *events: Event, orders: Iterable[Transaction] = (), users: Iterable[User] = ()) -> list[dict]:
    return answers(list(events), list(orders), list(users), [], D).tables[name]


def summary(*events: Event, orders: Iterable[Transaction] = ()) -> dict:
    return {row["metric"]: row["value"] for row in table("summary", *events, orders=orders)}


def funnel(scope: str, *events: Event, segment: str = "all", orders: Iterable[Transaction] = ()) -> list[tuple]:
    """Reached and median seconds of each step."""
    rows = [
        row for row in table("funnel", *events, orders=orders) if (row["scope"], row["segment"]) == (scope, segment)
    ]
    return [(row["reached"], row["median_seconds"]) for row in rows]


def steps(*moments: datetime, **more: object) -> list[Event]:
    types = STEPS[: len(moments)]
    needs = {"PURCHASE": {"transaction_id": "t"}, "ADD_TO_CART": {"quantity": 1}}
    return [event(one, moment, **needs.get(one, {}), **more) for one, moment in zip(types, moments, strict=True)]
