"""Every answer, and the exact text of its file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.shop_model.funnel import WINDOW, Path, funnel_paths, funnel_rows, is_outside_order
from tests.shop_model.judged import KINDS, warnings_between, warnings_of
from tests.shop_model.metrics import Rows, customer_value, daily_metrics, money, product_performance, tier_metrics
from tests.shop_model.orders import first_purchases, is_order, that_count
from tests.shop_model.rows import Event, Product, Transaction, User
from tests.shop_model.sessions import Session, buys, end_of, sessions_of

METRICS = (
    "events users sessions converted_sessions conversion_rate orders gross_revenue refunded net_revenue average_order "
    "cart_sessions abandoned_sessions cart_abandonment_rate bounce_rate open_sessions"
).split()
COLUMNS = {
    "funnel": (
        "scope segment_kind segment step event_type reached rate_from_previous rate_from_first median_seconds"
    ).split(),
    "summary": ["metric", "value"],
    "warnings": ["kind", "warning", "records"],
    "daily_metrics": ["date", *METRICS],
    "tier_metrics": ["tier", *METRICS, "net_revenue_per_user"],
    "product_performance": (
        "product_id view_sessions cart_sessions buyers units revenue view_to_cart_rate cart_to_buy_rate"
    ).split(),
    "customer_value": ("user_id tier orders gross_revenue refunded net_revenue first_order_at last_order_at").split(),
}


@dataclass
class Answers:
    """The answers' rows by name, in the order of their files, and the sessions beneath them."""

    sessions: list[Session]
    tables: dict[str, Rows]

    def text(self, name: str) -> str:
        """Return the text of an answer's file: a header line, then a line for each row."""
        lines = [
            COLUMNS[name],
            *([written(column, row[column]) for column in COLUMNS[name]] for row in self.tables[name]),
        ]
        return "".join("\t".join(line) + "\n" for line in lines)


def answers(
    events: list[Event],
    transactions: list[Transaction],
    users: list[User],
    products: list[Product],
    run_date: date,
    warnings: dict[str, Counter[str]] | None = None,
) -> Answers:
    """Answer a log of accepted rows; `warnings` are those of its records, else those that the rows themselves show."""
    if warnings is None:
        warnings = warnings_between(events, transactions, users, products)
    sessions = sessions_of(events, transactions, users, run_date)
    paths = funnel_paths(events, sessions, transactions)
    tables = {
        "funnel": funnel_rows(paths, users),
        "summary": summary(events, transactions, sessions, paths, run_date),
        "warnings": warning_rows(warnings),
        "daily_metrics": daily_metrics(sessions, run_date),
        "tier_metrics": tier_metrics(sessions),
        "product_performance": product_performance(sessions, transactions),
        "customer_value": customer_value(transactions, users, run_date),
    }
    return Answers(sessions, tables)


def written(column: str, value: object) -> str:
    """Write a value: rates 6 decimals, seconds 3, money 2, null nothing; a time with 6 decimals or, if whole, none.

    The rules name no rounding. A rate or a number of seconds is the double next to it, written as Python writes it;
    money is rounded half up.
    """
    if isinstance(value, float):
        return f"{value:.3f}" if column.endswith("_seconds") else f"{value:.6f}"
    if isinstance(value, Decimal):
        return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP)}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value)


def warning_rows(warnings: dict[str, Counter[str]]) -> Rows:
    """Return a row for each warning that a kind can have: the kinds as listed, the warnings by name."""
    return [
        {"kind": kind, "warning": name, "records": warnings[kind][name]} for kind in KINDS for name in warnings_of(kind)
    ]


def summary(
    events: list[Event],
    transactions: list[Transaction],
    sessions: list[Session],
    paths: dict[str, list[Path]],
    run_date: date,
) -> Rows:
    """Return the metrics in the listed order. A window is open also of a user who reached the last step already."""
    counting, first = that_count(transactions), first_purchases(events)
    orders = [one for one in counting.values() if is_order(one)]
    users = {event.user_id for event in events}
    bought = [(event, session.run) for session in sessions for event in session.run if buys(event, counting)]
    values = {
        "sessions": len(sessions),
        "users": len(users),
        "open_sessions": sum(session.is_open for session in sessions),
        "sessions_without_page_view": len(sessions) - len(paths["session"]),
        "users_without_page_view": len(users) - len(paths["user"]),
        "purchases_outside_order": sum(is_outside_order(event, run, counting) for event, run in bought),
        "open_user_windows": sum(path.times[0] + WINDOW >= end_of(run_date) for path in paths["user"]),
        **money(orders),
        "unattributed_revenue": sum((one.total for one in orders if one.transaction_id not in first), Decimal(0)),
    }
    return [{"metric": metric, "value": value} for metric, value in values.items()]
