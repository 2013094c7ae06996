"""What must hold for interactions, sessions and answers of the notes, beside what must hold for every log."""

from __future__ import annotations

from datetime import date

import great_expectations.expectations as gxe
from great_expectations import ExpectationSuite

from include.deployment.log_settings import LogSettings
from include.expectations.claims import INFO, WARNING, at_least, at_most, has_schema, never_null
from spark_jobs.engagement.tables import DAILY_ENGAGEMENT


def odd_interactions(limits: LogSettings, kinds: list[str], has_page_views: bool) -> ExpectationSuite:
    """Few records are rejected, of either kind, or odd; and page views tell how long they took to load."""
    unknown, early = limits.maximum_unknown_users_percent, limits.maximum_before_join_percent
    long, rejected = limits.maximum_longer_than_8_hours_percent, limits.maximum_rejected_percent
    loads = limits.minimum_load_times_percent
    usual = [
        at_most("unknown_users_percent", unknown, f"at most {unknown:g} % are of unknown users", WARNING),
        at_most("before_join_percent", early, f"at most {early:g} % are from before their user joined", WARNING),
        at_most("longer_than_8_hours_percent", long, f"at most {long:g} % last longer than 8 hours", WARNING),
        *(
            at_most(f"rejected_{kind}_percent", rejected, f"at most {rejected:g} % of the {kind} are rejected", WARNING)
            for kind in kinds
        ),
    ]
    told = at_least("load_times_percent", loads, f"at least {loads:g} % of the page views have a load time", WARNING)
    return ExpectationSuite("odd_interactions", expectations=[*usual, told] if has_page_views else usual)


def active_time() -> gxe.Expectation:
    """No session has more active time than it lasts."""
    return at_most("sessions_more_active_than_long", 0, "no session has more active time than it lasts")


def actions(limits: LogSettings, previous: date | None) -> ExpectationSuite:
    """The actions have their usual shares; none has changed much since the run date before."""
    views, deletes = limits.minimum_page_views_percent, limits.maximum_deletes_percent
    usual = [
        at_least("page_view_percent", views, f"at least {views:g} % of the interactions are page_view", WARNING),
        at_most("delete_percent", deletes, f"at most {deletes:g} % of the interactions are delete", WARNING),
    ]
    points = limits.maximum_share_change_points
    unchanged = at_most(
        "share_change_points",
        points,
        f"no action's share of the interactions is more than {points:g} points from that of run date {previous}",
        WARNING,
    )
    return ExpectationSuite("actions", expectations=[*usual, unchanged] if previous else usual)


def daily_engagement(days: int) -> ExpectationSuite:
    """There is a row for every day, with no null but stickiness, which is from 0 to 1."""
    known = [name for name in DAILY_ENGAGEMENT.schema.fieldNames() if name != "stickiness"]
    return ExpectationSuite(
        "daily_engagement",
        expectations=[
            *has_schema(DAILY_ENGAGEMENT.schema),
            *never_null(*known),
            gxe.ExpectTableRowCountToEqual(value=days, description=f"there are {days} days up to the run date"),
            gxe.ExpectColumnValuesToBeUnique(column="date", description="each day is there once"),
            gxe.ExpectColumnValuesToBeBetween(
                column="stickiness", min_value=0, max_value=1, description="stickiness is from 0 to 1"
            ),
        ],
    )


def agreement(limits: LogSettings, week_before: date | None) -> ExpectationSuite:
    """All answers agree to the user; the run date has about as many users as the day a week before, and is usual.

    `week_before` is None where that day has too few users to compare with.
    """
    percent = limits.maximum_dau_change_percent
    alike = at_most(
        "dau_change_percent",
        percent,
        f"daily active users are at most {percent:g} % from those of {week_before}, a week before",
        WARNING,
    )
    return ExpectationSuite(
        "agreement",
        expectations=[
            *(at_most(name, 0, claim) for name, claim in AGREEMENTS.items()),
            *([alike] if week_before else []),
            at_most("unusual_metrics", 0, "no metric of the run date is an anomaly", INFO),
        ],
    )


# Differences, and rows that contradict one another, which must be 0: each with its claim.
AGREEMENTS = {
    "days_dau_above_wau": "no day has more users than the 7 days that end with it",
    "days_wau_above_mau": "no 7 days have more users than the 28 days that end with them",
    "days_dau_above_month": "no day has more users than its month up to it",
    "active_users_not_in_days": "the active days have all users of the 28 days",
    "user_days_not_in_days": "the active days come to the daily active users of the 28 days",
    "new_users_not_in_cohorts": "the cohorts together have all new users",
    "new_users_beyond_users": "there are no more new users than users",
    "cohorts_above_their_size": "no cohort has more users in a week than in all, nor in a week than in or after it",
    "cohorts_that_begin_smaller": "every cohort is whole in its first week",
    "cohorts_that_grow_again": "no cohort has more users in or after a week than in or after the week before",
    **{
        f"{what}_not_in_{kind}_segments": f"the {kind} segments together have all {what}"
        for kind in ("country", "device", "subscription")
        for what in ("users", "sessions")
    },
    "days_dau_differs": "daily active users are the same among the anomalies",
    "loads_of_days_beyond_all": "no version has more load times on its days than on all days",
    "percentiles_that_fall": "no version has a higher percentile that is faster",
    "power_users_out_of_order": "no power user has more active time than one of a better rank",
    "share_beyond_all": "the power users have no more than all active time",
}
