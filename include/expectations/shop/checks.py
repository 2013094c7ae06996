"""What the checks of the shop look at beside what those of every log do: other records, event types, answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include.deployment.settings import settings
from include.expectations.any_log import checks as any_log
from include.expectations.previous import published_sessions, published_table, to_compare
from include.expectations.shop import suites
from include.expectations.table import Snapshots, Table, counts_table
from include.runs.records import previous_run_date
from spark_jobs.contract import DUPLICATE
from spark_jobs.conversion.tables import CUSTOMER_VALUE, FUNNEL, SUMMARY, TIER_METRICS
from spark_jobs.lake import tables as lake_tables
from spark_jobs.lake.tries import read
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.tables import SESSIONS, TRANSACTIONS
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import value_counts
from spark_jobs.shared.records import DataQualityRecord

# Scopes, and segments of each: all, five tiers, four devices; five steps.
FUNNEL_ROWS = 2 * (1 + 5 + 4) * 5


def events(
    spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots, minimum_quality_score: str
) -> list[Table]:
    """Return what the job counted, the records of all kinds, and what they say of one another. Runs Spark."""
    found = any_log.events(spark, lake, run_date, snapshots, minimum_quality_score)
    judged = read_record_of(lake, DataQualityRecord, run_date, snapshots)
    sold = read(spark, lake.log, TRANSACTIONS, snapshots[TRANSACTIONS.name])
    (row,) = sold.agg(F.count_distinct("currency").alias("currencies")).collect()
    counts = {**beside_others(judged), "currencies": row.currencies}
    quality, *others = found
    return [quality, counts_table(counts, suites.records_beside_others(settings().shop)), *others]


def sessions(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the sessions, and the shares of the types of events in them, now and at the run date before."""
    tables, previous = any_log.sessions(spark, lake, run_date, snapshots), previous_run_date(lake, run_date)
    shares = shares_of_types(read(spark, lake.log, SESSIONS, snapshots[SESSIONS.name]))
    if shares is None:
        return tables
    counts = {f"{name}_percent": shares[name] for name in ("page_view", "purchase")}
    before = to_compare(lambda day: shares_of_types(published_sessions(spark, lake, day)), previous)
    if before:
        counts["share_change_points"] = max(abs(share - before[name]) for name, share in shares.items())
    return [*tables, counts_table(counts, suites.event_types(settings().shop, previous if before else None))]


def funnel(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the funnel, and how all answers agree with one another. Runs Spark."""

    def answer(table: lake_tables.Table) -> DataFrame:
        return read(spark, lake.log, table, snapshots[table.name])

    steps, tiers, summary = (frame(answer(table)) for table in (FUNNEL, TIER_METRICS, SUMMARY))
    sums = {"orders": F.sum("orders"), "gross": F.sum("gross_revenue")}
    (customers,) = answer(CUSTOMER_VALUE).agg(*(total.alias(name) for name, total in sums.items())).collect()
    totals = dict(zip(summary["metric"], summary["value"], strict=True))
    judged = read_record_of(lake, DataQualityRecord, run_date, snapshots)
    previous = previous_run_date(lake, run_date)
    conversion = conversion_percent(tiers)
    counts: dict[str, Any] = {
        "steps_that_grow": steps_that_grow(steps),
        **differences(steps, tiers, totals, customers.asDict(), judged.log.events),
        "conversion_percent": conversion,
        "orders": float(totals["orders"]),
    }
    before = to_compare(
        lambda day: conversion_percent(frame(published_table(spark, lake, day, TIER_METRICS))), previous
    )
    compared = None
    if before is not None and conversion is not None:
        counts["conversion_change_points"], compared = abs(conversion - before), previous
    suite = suites.agreement(settings().shop, compared)
    return [Table(answer(FUNNEL), suites.funnel(FUNNEL_ROWS)), counts_table(counts, suite)]


def beside_others(judged: DataQualityRecord) -> dict[str, float]:
    """Return how many of all records, duplicates too, have warnings that tell of other records, in percent.

    Of a daily load only its own duplicates are among the records.
    """
    events, transactions = (judged.log_warnings[name] for name in ("events", "transactions"))
    of_events = judged.log.events + judged.rejected[DUPLICATE]
    other = judged.others["transactions"]
    of_transactions = other.log.events + other.rejected[DUPLICATE]
    return {
        "unknown_users_percent": 100 * events["unknown_user"] / max(1, of_events),
        "inconsistent_totals_percent": 100 * transactions["inconsistent_total"] / max(1, of_transactions),
        "shared_client_sessions_percent": 100 * events["client_session_of_several_users"] / max(1, of_events),
    }


def shares_of_types(sessions: DataFrame) -> dict[str, float] | None:
    """Return the share of each type among the events of some sessions, in percent; None of no event. Runs Spark."""
    names = {column: column.removesuffix("_count") for column in value_counts(SHOP)}
    (row,) = sessions.agg(*(F.sum(column).alias(name) for column, name in names.items())).collect()
    counts = {name: count or 0 for name, count in row.asDict().items()}
    events = sum(counts.values())
    return {name: 100 * count / events for name, count in counts.items()} if events else None


def frame(rows: DataFrame) -> pd.DataFrame:
    """Return some rows in memory. Runs Spark."""
    return cast("pd.DataFrame", rows.toPandas())


def steps_that_grow(steps: pd.DataFrame) -> int:
    """Return how many steps of segments are reached more often than the step before."""
    segments = ["scope", "segment_kind", "segment"]
    return int((steps.sort_values("step").groupby(segments)["reached"].diff() > 0).sum())


def differences(
    steps: pd.DataFrame, tiers: pd.DataFrame, totals: dict[str, Decimal], customers: dict[str, Any], events: int
) -> dict[str, float]:
    """Return by how much the answers differ where they must agree: records or money, never negative."""
    whole = steps[steps.segment_kind == "all"].set_index(["scope", "step"])["reached"]
    parts = steps.groupby(["segment_kind", "scope", "step"])["reached"].sum()
    revenue = totals["gross_revenue"] - totals["unattributed_revenue"]
    found = {
        "sessions_not_in_a_tier": totals["sessions"] - int(tiers.sessions.sum()),
        "events_not_in_a_tier": events - int(tiers.events.sum()),
        "revenue_not_in_a_tier": revenue - sum(tiers.gross_revenue, Decimal(0)),
        "funnel_not_in_tiers": (whole - parts["tier"]).abs().sum(),
        "funnel_not_in_devices": (whole - parts["device"]).abs().sum(),
        "sessions_not_in_funnel": totals["sessions"] - totals["sessions_without_page_view"] - int(whole["session", 1]),
        "users_not_in_funnel": totals["users"] - totals["users_without_page_view"] - int(whole["user", 1]),
        "orders_not_of_a_customer": totals["orders"] - (customers["orders"] or 0),
        "revenue_not_of_a_customer": totals["gross_revenue"] - (customers["gross"] or 0),
    }
    return {name: abs(float(difference)) for name, difference in found.items()}


def conversion_percent(tiers: pd.DataFrame) -> float | None:
    """Return how many sessions of all tiers convert, in percent; None of no session."""
    sessions = int(tiers.sessions.sum())
    return 100 * int(tiers.converted_sessions.sum()) / sessions if sessions else None
