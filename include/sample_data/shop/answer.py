"""What is known of a generated log by how it was made: nothing of the pipeline has a part in it.

It lies beside the log as `<log>.answer.json`: records, accepted and rejected ones by reason, warnings, events by type,
sessions, orders, and the funnel by session.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from include.sample_data.shop import shape, texts
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.dirt import Dirt
from include.sample_data.shop.orders import Orders
from include.sample_data.shop.visits import Visits
from spark_jobs.logs.shop.contract import EVENT_TYPES, SHOP

STEPS = ("PAGE_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", "CHECKOUT_START", "PURCHASE")


@dataclass
class Answer:
    """Counts the blocks of a log as they are made. `counts` and `cents` have the names under which they are written."""

    calendar: Calendar
    dirt: dict[str, Dirt] = field(default_factory=lambda: {one.name: Dirt(one) for one in SHOP.kinds})
    warnings: dict[str, Counter[str]] = field(default_factory=lambda: {one.name: Counter() for one in SHOP.kinds})
    types: Counter[str] = field(default_factory=Counter)
    reached: Counter[int] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    cents: Counter[str] = field(default_factory=Counter)
    last_ends: list[int] = field(default_factory=list)

    def add_visits(self, visits: Visits, failed: set[int]) -> None:
        """Count a block's sessions, and how far each goes; the transactions of these visits have failed."""
        plans = visits.plans
        pays = plans.purchases > 0
        pays[list(failed)] = False
        deepest = deepest_steps(visits, pays)
        left = np.bincount(plans.carts.visit, plans.carts.quantity - plans.carts.removed, len(pays))
        page_views = np.bincount(visits.users, plans.first_pages)
        self.reached.update(deepest.tolist())
        self.types.update({EVENT_TYPES[at]: int(count) for at, count in enumerate(np.bincount(visits.events.type))})
        self.counts.update(
            sessions=len(pays),
            users=len(np.unique(visits.users)),
            converted_sessions=int(pays.sum()),
            cart_sessions=int((plans.adds > 0).sum()),
            abandoned_sessions=int(((left > 0) & ~pays).sum()),
            sessions_without_page_view=int((plans.first_pages == 0).sum()),
            users_without_page_view=int((page_views[np.unique(visits.users)] == 0).sum()),
            purchases_outside_order=int((pays & (deepest < len(STEPS))).sum()),
        )
        self.add_ends(visits.ends[visits.ends > self.calendar.end - shape.DAY].tolist())

    def add_orders(self, orders: Orders) -> None:
        """Count a block's orders and what they come to."""
        self.counts["orders"] += orders.orders
        self.cents.update(
            gross_revenue=orders.gross, refunded=orders.refunded, unattributed_revenue=orders.unattributed
        )

    def add_ends(self, ends: list[int]) -> None:
        """Keep when sessions ended, for those that may be open."""
        self.last_ends += ends

    def facts(self) -> dict[str, Any]:
        """Return all that is known, under the names that the file has."""
        latest = max((end for end in self.last_ends if end < self.calendar.end), default=0)
        open_sessions = sum(end + shape.SESSION_GAP >= latest for end in self.last_ends)
        deep_enough = [sum(self.reached[at] for at in range(step, len(STEPS) + 1)) for step in range(1, len(STEPS) + 1)]
        kinds = self.dirt.items()
        cents = {**self.cents, "net_revenue": self.cents["gross_revenue"] - self.cents["refunded"]}
        return {
            "records": {kind: dirt.accepted + dirt.rejected.total() for kind, dirt in kinds},
            "accepted": {kind: dirt.accepted for kind, dirt in kinds},
            "rejected": {kind: _without_zeros(dirt.rejected) for kind, dirt in kinds},
            "warnings": {kind: _without_zeros(warnings) for kind, warnings in self.warnings.items()},
            "events_by_type": {name: self.types[name] for name in EVENT_TYPES},
            **self.counts,
            "open_sessions": open_sessions,
            **{name: texts.money(amount).decode() for name, amount in cents.items()},
            "funnel_by_session": dict(zip(STEPS, deep_enough, strict=True)),
        }

    def write(self, path: Path, made_by: dict[str, Any]) -> None:
        """Write all that is known, with the options the log was made by."""
        facts = {"made_by": made_by, **self.facts()}
        path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def deepest_steps(visits: Visits, pays: np.ndarray) -> np.ndarray:
    """Return how far each visit goes in the funnel, 0 to 5: its events lie in the order of the steps."""
    plans = visits.plans
    has = (plans.first_pages > 0, plans.views > 0, plans.adds > 0, plans.checkouts > 0, pays)
    return np.cumprod(np.array(has, np.int64), axis=0).sum(axis=0)


def beside(log: Path) -> Path:
    """Return where the answer to a log lies."""
    return log.with_name(f"{log.name}.answer.json")


def _without_zeros(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
