"""What the report of `shop` says beside what every report says: the answers, as far as a page shows them.

Rates are parts of 1, null where the denominator is 0. Amounts are in the currency of the log.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime, Field

from include.report.model import ParameterValue, RunReport, Verdict
from spark_jobs.shared.records import Document


class Step(Document):
    """A step of a funnel."""

    event_type: str
    reached: int
    rate_from_previous: float | None
    rate_from_first: float | None
    median_seconds: float | None = Field(description="From the step before.")


class Funnel(Document):
    """The steps that sessions, or users, went through one after another: all of them, those of a tier or a device."""

    scope: Literal["session", "user"]
    segment_kind: Literal["all", "tier", "device"]
    segment: str
    steps: tuple[Step, ...]


class Metrics(Document):
    """What some sessions come to."""

    events: int
    users: int
    sessions: int
    converted_sessions: int
    conversion_rate: float | None
    orders: int
    gross_revenue: Decimal
    refunded: Decimal
    net_revenue: Decimal
    average_order: Decimal | None
    cart_sessions: int
    abandoned_sessions: int
    cart_abandonment_rate: float | None
    bounce_rate: float | None
    open_sessions: int


class Day(Metrics):
    """The sessions that started on a day (UTC)."""

    day: date


class Tier(Metrics):
    """The sessions of users who had a tier at their start."""

    tier: str
    net_revenue_per_user: Decimal | None


class Summary(Document):
    """The whole log in numbers; orders and revenue are also those that no PURCHASE names."""

    days: int = Field(description="From the first to the last day with a session, on or before the run date.")
    sessions: int
    users: int
    converted_sessions: int
    conversion_rate: float | None
    cart_sessions: int
    abandoned_sessions: int
    cart_abandonment_rate: float | None
    orders: int
    gross_revenue: Decimal
    refunded: Decimal
    net_revenue: Decimal
    average_order: Decimal | None
    unattributed_revenue: Decimal
    open_sessions: int
    sessions_without_page_view: int
    users_without_page_view: int
    purchases_outside_order: int
    open_user_windows: int


class Product(Document):
    """A product, and what became of it; name and category are those at the end of the run date, null if not known."""

    product_id: str
    name: str | None
    category: str | None
    view_sessions: int
    cart_sessions: int
    buyers: int
    units: int
    revenue: Decimal
    view_to_cart_rate: float | None
    cart_to_buy_rate: float | None


class Customer(Document):
    """A user with orders."""

    user_id: str
    tier: str
    orders: int
    gross_revenue: Decimal
    refunded: Decimal
    net_revenue: Decimal
    first_order_at: AwareDatetime
    last_order_at: AwareDatetime


class Change(Document):
    """A value that is another one than in the answer before."""

    kind: Literal["whole", "tier", "device", "product", "day"]
    subject: str = Field(description="The tier, the device, the product's id or the day; empty for the whole log.")
    measure: Literal[
        "conversion_rate", "cart_abandonment_rate", "average_order", "orders_a_day", "net_revenue_a_day", "net_revenue"
    ]
    before: float
    now: float
    change: float | None = Field(description="The difference as a part of the value before; null where that is 0.")
    name: str | None = Field(description="What a product is called.")


class SincePrevious(Document):
    """The answer against that of the last earlier run date."""

    run_date: date
    parameters: dict[str, tuple[ParameterValue, ParameterValue]] = Field(description="Others then: [then, now].")
    verdict: Verdict
    quality_score: float
    summary: Summary
    changes: tuple[Change, ...] = Field(description="What changed most, by `include.report.shop.changes`.")


class ShopReport(RunReport):
    """A run's report: the answers, whether to trust them, and what lies behind them. Times are UTC."""

    funnel: tuple[Funnel, ...] = Field(description="The answer published last; that of all sessions is the first one.")
    summary: Summary
    daily_metrics: tuple[Day, ...]
    tier_metrics: tuple[Tier, ...]
    products: tuple[Product, ...] = Field(description="Those of most revenue.")
    product_count: int
    customers: tuple[Customer, ...] = Field(description="Those of most net revenue.")
    customer_count: int
    currency: str | None = Field(description="Null without a transaction, or with several currencies.")
    since_previous: SincePrevious | None = Field(description="Null where there is no earlier one that can be read.")


REPORT = ShopReport
