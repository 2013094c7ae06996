"""What must hold for the shop's records, sessions and answers, beside what must hold for every log."""

from __future__ import annotations

from datetime import date

import great_expectations.expectations as gxe
from great_expectations import ExpectationSuite

from include.deployment.log_settings import LogSettings
from include.expectations.claims import INFO, WARNING, at_least, at_most, has_schema, never_null
from spark_jobs.conversion.tables import FUNNEL


def records_beside_others(limits: LogSettings) -> ExpectationSuite:
    """Few records speak of what no other record knows, or say what others contradict; all money is of one currency."""
    users, totals = limits.maximum_unknown_users_percent, limits.maximum_inconsistent_totals_percent
    claimed = limits.maximum_shared_client_sessions_percent
    return ExpectationSuite(
        "records_beside_others",
        expectations=[
            at_most("currencies", 1, "all transactions are in one currency"),
            at_most("unknown_users_percent", users, f"at most {users:g} % of the events are of unknown users", WARNING),
            at_most(
                "inconsistent_totals_percent",
                totals,
                f"at most {totals:g} % of the transactions have a total that does not add up",
                WARNING,
            ),
            at_most(
                "shared_client_sessions_percent",
                claimed,
                f"at most {claimed:g} % of the events claim a session that has several users",
                WARNING,
            ),
        ],
    )


def event_types(limits: LogSettings, previous: date | None) -> ExpectationSuite:
    """The types of events have their usual shares; none has changed much since the run date before."""
    views, purchases = limits.minimum_page_views_percent, limits.maximum_purchases_percent
    usual = [
        at_least("page_view_percent", views, f"at least {views:g} % of the events are PAGE_VIEW", WARNING),
        at_most("purchase_percent", purchases, f"at most {purchases:g} % of the events are PURCHASE", WARNING),
    ]
    points = limits.maximum_share_change_points
    unchanged = at_most(
        "share_change_points",
        points,
        f"no type's share of the events is more than {points:g} points from that of run date {previous}",
        WARNING,
    )
    return ExpectationSuite("event_types", expectations=[*usual, unchanged] if previous else usual)


def funnel(rows: int) -> ExpectationSuite:
    """The funnel has its columns, a row for each step of each segment, and rates from 0 to 1."""
    rates = ("rate_from_previous", "rate_from_first")
    known = [name for name in FUNNEL.schema.fieldNames() if name not in (*rates, "median_seconds")]
    return ExpectationSuite(
        "funnel",
        expectations=[
            *has_schema(FUNNEL.schema),
            *never_null(*known),
            gxe.ExpectTableRowCountToEqual(value=rows, description=f"there are {rows} steps of segments"),
            gxe.ExpectColumnValuesToBeBetween(column="step", min_value=1, max_value=5, description="steps are 1 to 5"),
            *(
                gxe.ExpectColumnValuesToBeBetween(
                    column=rate, min_value=0, max_value=1, description=f"{rate} is from 0 to 1"
                )
                for rate in rates
            ),
        ],
    )


def agreement(limits: LogSettings, previous: date | None) -> ExpectationSuite:
    """Steps never grow, all answers agree to the record, and conversion is as usual."""
    low, high = limits.minimum_conversion_percent, limits.maximum_conversion_percent
    points = limits.maximum_conversion_change_points
    usual = gxe.ExpectColumnValuesToBeBetween(
        column="conversion_percent",
        min_value=low,
        max_value=high,
        severity=WARNING,
        description=f"{low:g} to {high:g} % of the sessions convert",
    )
    unchanged = at_most(
        "conversion_change_points",
        points,
        f"conversion is at most {points:g} points from that of run date {previous}",
        WARNING,
    )
    return ExpectationSuite(
        "agreement",
        expectations=[
            at_most("steps_that_grow", 0, "no step of the funnel is reached more often than the step before"),
            *(at_most(name, 0, claim) for name, claim in AGREEMENTS.items()),
            usual,
            *([unchanged] if previous else []),
            at_least("orders", 1, "there is an order", INFO),
        ],
    )


# Differences that must be 0, each with its claim.
AGREEMENTS = {
    "sessions_not_in_a_tier": "the tiers together have all sessions",
    "events_not_in_a_tier": "the tiers together have all events",
    "revenue_not_in_a_tier": "the tiers together have all revenue, but for what no session has",
    "funnel_not_in_tiers": "each step's tiers come to the whole",
    "funnel_not_in_devices": "each step's devices come to the whole",
    "sessions_not_in_funnel": "the funnel begins with all sessions that have a PAGE_VIEW",
    "users_not_in_funnel": "the funnel begins with all users that have a PAGE_VIEW",
    "orders_not_of_a_customer": "the customers together have all orders",
    "revenue_not_of_a_customer": "the customers together have all revenue",
}
