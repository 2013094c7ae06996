"""The answers by day, tier, product and customer."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

from tests.shop_model.funnel import rate
from tests.shop_model.orders import is_order, that_count
from tests.shop_model.rows import TIERS, Transaction, User
from tests.shop_model.sessions import Session, end_of, tier_at

Rows = list[dict[str, object]]


def money(orders: list[Transaction]) -> dict[str, object]:
    gross = sum((order.total for order in orders), Decimal(0))
    refunded = sum((order.total for order in orders if order.status == "refunded"), Decimal(0))
    return {"orders": len(orders), "gross_revenue": gross, "refunded": refunded, "net_revenue": gross - refunded}


def metrics(sessions: list[Session]) -> dict[str, object]:
    """Return the columns that days and tiers share. Orders are those that belong to the sessions."""
    number, converted = len(sessions), sum(session.is_converted for session in sessions)
    carts = sum(session.has_cart for session in sessions)
    abandoned = sum(session.is_abandoned for session in sessions)
    takings = money([order for session in sessions for order in session.orders])
    return {
        "events": sum(len(session.run) for session in sessions),
        "users": len({session.user_id for session in sessions}),
        "sessions": number,
        "converted_sessions": converted,
        "conversion_rate": rate(converted, number),
        **takings,
        "average_order": takings["gross_revenue"] / takings["orders"] if takings["orders"] else None,
        "cart_sessions": carts,
        "abandoned_sessions": abandoned,
        "cart_abandonment_rate": rate(abandoned, carts),
        "bounce_rate": rate(sum(session.is_bounced for session in sessions), number),
        "open_sessions": sum(session.is_open for session in sessions),
    }


def daily_metrics(sessions: list[Session], run_date: date) -> Rows:
    """Return a row for every day from the first to the last session that starts on or before the run date."""
    by_day = defaultdict(list)
    for session in sessions:
        if session.started_at.date() <= run_date:
            by_day[session.started_at.date()].append(session)
    if not by_day:
        return []
    first, last = min(by_day), max(by_day)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [{"date": day, **metrics(by_day[day])} for day in days]


def tier_metrics(sessions: list[Session]) -> Rows:
    """Return a row for every tier and for `unknown`, also for those without a session."""
    rows = []
    for tier in (*TIERS, "unknown"):
        row = {"tier": tier, **metrics([session for session in sessions if session.tier == tier])}
        per_user = row["net_revenue"] / row["users"] if row["users"] else None
        rows.append({**row, "net_revenue_per_user": per_user})
    return rows


def product_performance(sessions: list[Session], transactions: list[Transaction]) -> Rows:
    """Return a row for each product that was viewed, put in a cart or ordered, known or not.

    Buyers, units and revenue are of all orders, those without a PURCHASE too; a buyer is the transaction's user. A
    cart of a product is an ADD_TO_CART of it. An order is in the session of its first PURCHASE.
    """
    viewed, carted, bought = defaultdict(set), defaultdict(set), defaultdict(set)
    for number, session in enumerate(sessions):
        for event in session.run:
            if event.event_type in ("PRODUCT_VIEW", "ADD_TO_CART"):
                (viewed if event.event_type == "PRODUCT_VIEW" else carted)[event.product_id].add(number)
        for order in session.orders:
            for item in order.items:
                bought[item.product_id].add(number)
    buyers, units, revenue = defaultdict(set), Counter(), defaultdict(Decimal)
    for order in filter(is_order, that_count(transactions).values()):
        for item in order.items:
            buyers[item.product_id].add(order.user_id)
            units[item.product_id] += item.quantity
            revenue[item.product_id] += item.quantity * item.unit_price
    return [
        {
            "product_id": one,
            "view_sessions": len(viewed[one]),
            "cart_sessions": len(carted[one]),
            "buyers": len(buyers[one]),
            "units": units[one],
            "revenue": revenue[one],
            "view_to_cart_rate": rate(len(viewed[one] & carted[one]), len(viewed[one])),
            "cart_to_buy_rate": rate(len(carted[one] & bought[one]), len(carted[one])),
        }
        for one in sorted({*viewed, *carted, *units})
    ]


def customer_value(transactions: list[Transaction], users: list[User], run_date: date) -> Rows:
    """Return a row for each user of an order, those without a PURCHASE too; a tier from the last midnight on counts."""
    by_user = defaultdict(list)
    for order in filter(is_order, that_count(transactions).values()):
        by_user[order.user_id].append(order)
    return [
        {
            "user_id": user_id,
            "tier": tier_at(users, user_id, end_of(run_date)),
            **money(orders),
            "first_order_at": min(order.occurred_at for order in orders),
            "last_order_at": max(order.occurred_at for order in orders),
        }
        for user_id, orders in sorted(by_user.items())
    ]
