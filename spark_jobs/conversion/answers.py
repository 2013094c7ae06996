"""From the rows of a shop to all its answers: what they are made of is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.conversion import tables
from spark_jobs.conversion.carts import carts_left, product_sessions
from spark_jobs.conversion.customers import customer_value
from spark_jobs.conversion.cut import cut_events, with_chains, with_steps
from spark_jobs.conversion.funnel import funnel
from spark_jobs.conversion.funnels import funnels, session_funnels, user_funnels
from spark_jobs.conversion.metrics import daily_metrics, tier_metrics
from spark_jobs.conversion.orders import (
    PURCHASE_COLUMNS,
    failed,
    orders,
    purchase_facts,
    session_revenue,
    transactions_that_count,
)
from spark_jobs.conversion.outcomes import latest_event, session_outcomes
from spark_jobs.conversion.products import product_performance
from spark_jobs.conversion.steps import PURCHASE, STEP_TIMES
from spark_jobs.conversion.summary import summary
from spark_jobs.conversion.tiers import tier_changes, with_tier
from spark_jobs.lake.tables import Table
from spark_jobs.shared.scratch import Keep


@dataclass(frozen=True)
class Rows:
    """The accepted rows of a shop, and the sessions that its events were cut into."""

    events: DataFrame
    transactions: DataFrame
    users: DataFrame
    sessions: DataFrame


@dataclass(frozen=True)
class Facts:
    """What the answers are made of: `outcomes` of sessions, and frames of the modules that are named after them."""

    outcomes: DataFrame
    user_funnels: DataFrame
    orders: DataFrame
    product_sessions: DataFrame
    tier_changes: DataFrame


def facts_of(rows: Rows, run_date: date, gap: timedelta, keep: Keep, tasks: int) -> Facts:
    """Return the facts of a shop whose sessions were cut with a `gap`; keeps what is looked at more than once.

    Rows that a shuffle has brought together are kept in so many `tasks`; a shuffle makes hundreds.
    """
    counted = keep(transactions_that_count(rows.transactions).coalesce(tasks))
    declined, cut = failed(counted), cut_events(rows.events, gap)
    started = keep(funnels(cut_events(with_chains(with_steps(rows.events, declined)), gap)))
    # Sort the events again: to keep all that the answers need of them would fill the disk.
    seen = keep(product_sessions(cut))
    purchases = keep(with_steps(cut.where(F.col("event_type") == PURCHASE), declined).select(*PURCHASE_COLUMNS))
    found = keep(orders(counted, purchases).coalesce(tasks))
    in_sessions = session_funnels(started)
    facts = (in_sessions, purchase_facts(purchases, in_sessions), session_revenue(found), carts_left(seen))
    changes, latest = tier_changes(rows.users), latest_event(rows.events, run_date)
    outcomes = session_outcomes(rows.sessions, facts, changes, latest, gap)
    by_user = keep(with_tier(user_funnels(started), changes, F.col(STEP_TIMES[0])).coalesce(tasks))
    return Facts(outcomes, by_user, found, seen, changes)


def answers_of(facts: Facts, run_date: date) -> dict[Table, DataFrame]:
    """Return every answer but the warnings, by table."""
    return {
        tables.SUMMARY: summary(facts.outcomes, facts.user_funnels, facts.orders, run_date),
        tables.DAILY_METRICS: daily_metrics(facts.outcomes, run_date),
        tables.TIER_METRICS: tier_metrics(facts.outcomes),
        tables.PRODUCT_PERFORMANCE: product_performance(facts.product_sessions, facts.orders),
        tables.CUSTOMER_VALUE: customer_value(facts.orders, facts.tier_changes, run_date),
        tables.FUNNEL: both_funnels(facts.outcomes, facts.user_funnels),
    }


def both_funnels(outcomes: DataFrame, user_funnels: DataFrame) -> DataFrame:
    """Return the funnel by session and by user; a session's tier and device are those of its first page view."""
    by_session = outcomes.where(F.col(STEP_TIMES[0]).isNotNull()).select(
        F.lit("session").alias("scope"),
        F.col("start_tier").alias("tier"),
        F.col("start_device_type").alias("device_type"),
        *STEP_TIMES,
    )
    by_user = user_funnels.select(F.lit("user").alias("scope"), "tier", "device_type", *STEP_TIMES)
    return funnel(by_session.unionByName(by_user))
