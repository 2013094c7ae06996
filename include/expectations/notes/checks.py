"""What the checks of the notes look at beside what those of every log do: odd records, actions, answers."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include.deployment.settings import settings
from include.expectations.any_log import checks as any_log
from include.expectations.notes import suites
from include.expectations.notes.agreements import differences
from include.expectations.previous import published_sessions, to_compare
from include.expectations.table import Snapshots, Table, counts_table
from include.runs.records import previous_run_date
from spark_jobs.engagement.tables import ANSWERS, DAILY_ENGAGEMENT, WARNINGS
from spark_jobs.lake.tries import read
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import read_new_events
from spark_jobs.shared.log_tables import sessions_table, value_counts
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord

INTERACTIONS, SESSIONS = NOTES.events.name, "sessions"
_WARNED = {
    "unknown_user": "unknown_users_percent",
    "before_join_date": "before_join_percent",
    "longer_than_8_hours": "longer_than_8_hours_percent",
}
# The duration is a double of milliseconds, and the active time a sum of such.
_ROUNDING_SECONDS = 0.0005
# Of fewer users a week before, a change is chance.
FEWEST = 30


def interactions(
    spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots, minimum_quality_score: str
) -> list[Table]:
    """Return what the job counted, the records of both kinds, and how many are odd. Runs Spark."""
    quality, *others = any_log.events(spark, lake, run_date, snapshots, minimum_quality_score)
    judged = read_record_of(lake, DataQualityRecord, run_date, snapshots)
    counts = {**warned_percents(judged), **rejected_percents(judged)}
    known = load_times_percent(read_new_events(spark, lake, run_date, snapshots[INTERACTIONS]))
    if known is not None:
        counts["load_times_percent"] = known
    kinds = [kind.name for kind in NOTES.kinds]
    suite = suites.odd_interactions(settings().notes, kinds, has_page_views=known is not None)
    return [quality, counts_table(counts, suite), *others]


def sessions(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the sessions, and the shares of the actions in them, now and at the run date before. Runs Spark."""
    more_active = F.col("active_seconds") > F.col("duration_seconds") + _ROUNDING_SECONDS
    measured = {"sessions_more_active_than_long": F.count_if(more_active)}
    table, shape = any_log.sessions(spark, lake, run_date, snapshots, measured)
    tables, previous = [table, shape.having(suites.active_time())], previous_run_date(lake, run_date)
    shares = shares_of_actions(read(spark, lake.log, sessions_table(NOTES), snapshots[SESSIONS]))
    if shares is None:
        return tables
    counts = {f"{name}_percent": shares[name] for name in ("page_view", "delete")}
    before = to_compare(lambda day: shares_of_actions(published_sessions(spark, lake, day)), previous)
    if before:
        counts["share_change_points"] = max(abs(share - before[name]) for name, share in shares.items())
    return [*tables, counts_table(counts, suites.actions(settings().notes, previous if before else None))]


def daily_engagement(spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots) -> list[Table]:
    """Return the activity by day, and how all answers agree with one another. Runs Spark."""
    tables = {answer: read(spark, lake.log, answer, snapshots[answer.name]) for answer in ANSWERS if answer != WARNINGS}
    answers = {answer.name: rows.toPandas() for answer, rows in tables.items()}
    judged = read_record_of(lake, DataQualityRecord, run_date, snapshots)
    analysed = read_record_of(lake, SessionAnalysisRecord, run_date, snapshots)
    counts = differences(answers, analysed.users, analysed.sessions)
    counts["unusual_metrics"] = unusual_metrics(answers["anomalies"], run_date)
    change = dau_change_percent(answers["daily_engagement"], run_date)
    if change is not None:
        counts["dau_change_percent"] = change
    week_before = None if change is None else run_date - timedelta(days=7)
    suite = suites.agreement(settings().notes, week_before)
    days = days_until(judged, run_date)
    return [Table(tables[DAILY_ENGAGEMENT], suites.daily_engagement(days)), counts_table(counts, suite)]


def warned_percents(judged: DataQualityRecord) -> dict[str, float]:
    """Return how many of the interactions of the whole log have each warning, in percent."""
    warned = judged.log_warnings[INTERACTIONS]
    return {column: 100 * warned[name] / max(1, judged.log.events) for name, column in _WARNED.items()}


def rejected_percents(judged: DataQualityRecord) -> dict[str, float]:
    """Return how many of the records of each kind that were read are rejected, in percent."""
    counts = {INTERACTIONS: judged.counts} | {name: kind.counts for name, kind in judged.others.items()}
    return {
        f"rejected_{kind}_percent": 100 * of_kind.records_rejected / max(1, of_kind.records_read)
        for kind, of_kind in counts.items()
    }


def load_times_percent(found: DataFrame) -> float | None:
    """Return how many of the page views among some interactions have a load time; None of no page view. Runs Spark."""
    is_view = F.col("action_type") == "page_view"
    counts = (F.count_if(is_view).alias("views"), F.count_if(is_view & F.col("load_ms").isNotNull()).alias("known"))
    (row,) = found.agg(*counts).collect()
    return 100 * row.known / row.views if row.views else None


def shares_of_actions(found: DataFrame) -> dict[str, float] | None:
    """Return the share of each action in some sessions, in percent; None of no interaction. Runs Spark."""
    names = value_counts(NOTES)
    (row,) = found.agg(*(F.sum(column).alias(name) for column, name in names.items())).collect()
    counts = {name: count or 0 for name, count in row.asDict().items()}
    total = sum(counts.values())
    return {name: 100 * count / total for name, count in counts.items()} if total else None


def days_until(judged: DataQualityRecord, run_date: date) -> int:
    """Return how many days there are from the log's first to the run date; none of a log that begins after it."""
    first = judged.log.first_event_at
    return max(0, (run_date - first.date()).days + 1) if first else 0


def dau_change_percent(days: pd.DataFrame, run_date: date) -> float | None:
    """Return by how much the run date's users differ from those a week before, in percent of these.

    None where these are fewer than FEWEST, or are of no day of the log.
    """
    dau = days.set_index("date").dau
    before = dau.get(run_date - timedelta(days=7), 0)
    return 100 * abs(int(dau[run_date]) - int(before)) / int(before) if before >= FEWEST else None


def unusual_metrics(anomalies: pd.DataFrame, run_date: date) -> int:
    """Return how many metrics of the run date are anomalies."""
    return int(anomalies[anomalies.date == run_date].flagged.sum())
