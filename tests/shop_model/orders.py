"""Transactions as they count: one of each id, and the PURCHASE each belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.shop_model.rows import DEVICES, STATUSES, TYPES, Event, Transaction


def in_order(event: Event) -> tuple:
    """Return the sort key of events: by time; at equal times by type, `event_id` and device.

    The rules order one user's events. Between users (two buy one transaction at one instant) the smaller user id
    comes first; beyond that key no answer depends on the order.
    """
    return (
        event.occurred_at,
        TYPES.index(event.event_type),
        event.event_id,
        DEVICES.index(event.device_type),
        event.user_id,
    )


def that_count(transactions: Iterable[Transaction]) -> dict[str, Transaction]:
    """Return the transaction that counts of each id: the latest, then failed, refunded, completed, then by total.

    The rules say no more. Of two that are equal in all that, and differ in the rest, the smaller content counts here.
    """
    by_id: dict[str, list[Transaction]] = defaultdict(list)
    for transaction in transactions:
        by_id[transaction.transaction_id].append(transaction)
    return {one: max(sorted(records, key=repr), key=_weight) for one, records in by_id.items()}


def _weight(transaction: Transaction) -> tuple:
    return transaction.occurred_at, STATUSES.index(transaction.status), transaction.total


def is_order(transaction: Transaction | None) -> bool:
    return transaction is not None and transaction.status != "failed"


def purchases(events: Iterable[Event]) -> list[Event]:
    return sorted((event for event in events if event.event_type == "PURCHASE"), key=in_order)


def first_purchases(events: Iterable[Event]) -> dict[str, Event]:
    """Return the first PURCHASE of each transaction id, whoever bought, and whether the transaction is known or not."""
    found: dict[str, Event] = {}
    for event in purchases(events):
        found.setdefault(event.transaction_id, event)
    return found
