"""The tables that conversion writes, the answer last."""

from __future__ import annotations

from pyspark.sql import types as T

from spark_jobs.conversion.steps import STEP_TIMES
from spark_jobs.lake.tables import Table

_TYPES: dict[str, T.DataType] = {
    "text": T.StringType(),
    "count": T.LongType(),
    "number": T.IntegerType(),
    "money": T.DecimalType(24, 2),
    "ratio": T.DoubleType(),
    "seconds": T.DoubleType(),
    "claim": T.BooleanType(),
    "time": T.TimestampType(),
    "date": T.DateType(),
}


def _schema(columns: str) -> T.StructType:
    """Read columns from `name type, name type`."""
    pairs = (column.split() for column in columns.split(","))
    return T.StructType([T.StructField(name, _TYPES[kind]) for name, kind in pairs])


# What came of each session: the tier is that of its start, `start_tier` and `start_device_type` those of its first
# page view, and the times after it are when its funnel reached each step.
SESSION_OUTCOMES = Table(
    "session_outcomes",
    _schema(
        f"""
        session_id text, user_id text, started_at time, ended_at time, tier text, device_type text,
        events count, deepest_step number, is_converted claim, orders count, gross_revenue money, refunded money,
        is_bounced claim, is_open claim, has_cart claim, is_abandoned claim, purchases_outside_order count,
        start_tier text, start_device_type text, {", ".join(f"{time} time" for time in STEP_TIMES)}
        """
    ),
)

SUMMARY = Table("summary", _schema("metric text, value money"))

WARNINGS = Table("warnings", _schema("kind text, warning text, records count"))

_METRICS = """
    events count, users count, sessions count, converted_sessions count, conversion_rate ratio, orders count,
    gross_revenue money, refunded money, net_revenue money, average_order money, cart_sessions count,
    abandoned_sessions count, cart_abandonment_rate ratio, bounce_rate ratio, open_sessions count
"""

DAILY_METRICS = Table("daily_metrics", _schema(f"date date, {_METRICS}"))

TIER_METRICS = Table("tier_metrics", _schema(f"tier text, {_METRICS}, net_revenue_per_user money"))

PRODUCT_PERFORMANCE = Table(
    "product_performance",
    _schema(
        """
        product_id text, view_sessions count, cart_sessions count, buyers count, units count, revenue money,
        view_to_cart_rate ratio, cart_to_buy_rate ratio
        """
    ),
)

CUSTOMER_VALUE = Table(
    "customer_value",
    _schema(
        """
        user_id text, tier text, orders count, gross_revenue money, refunded money, net_revenue money,
        first_order_at time, last_order_at time
        """
    ),
)

FUNNEL = Table(
    "funnel",
    _schema(
        """
        scope text, segment_kind text, segment text, step number, event_type text, reached count,
        rate_from_previous ratio, rate_from_first ratio, median_seconds seconds
        """
    ),
)

# In the order of their files; the answer is published last.
ANSWERS = (SUMMARY, WARNINGS, DAILY_METRICS, TIER_METRICS, PRODUCT_PERFORMANCE, CUSTOMER_VALUE, FUNNEL)
TABLES = (SESSION_OUTCOMES, *ANSWERS)
