"""From the rows of `notes` to all its answers: what several of them look at is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.engagement import tables
from spark_jobs.engagement.activity import activity, user_days
from spark_jobs.engagement.anomalies import anomalies, sessions_by_day
from spark_jobs.engagement.correlation import device_correlation, user_medians
from spark_jobs.engagement.daily import daily_engagement
from spark_jobs.engagement.load_times import load_counts, load_percentiles
from spark_jobs.engagement.retention import retention
from spark_jobs.engagement.segments import segments
from spark_jobs.engagement.use import active_days, power_users, recent_use
from spark_jobs.lake.tables import Table
from spark_jobs.shared.scratch import Keep


@dataclass(frozen=True)
class Rows:
    """The accepted rows of `notes`, and the sessions that its interactions were cut into."""

    interactions: DataFrame
    users: DataFrame
    sessions: DataFrame


def answers_of(rows: Rows, run_date: date, keep: Keep) -> dict[Table, DataFrame]:
    """Return every answer but the warnings, by table; keeps what is looked at more than once."""
    active = keep(_few(activity(user_days(rows.interactions, run_date))))
    use = keep(recent_use(rows.interactions, run_date))
    loads = keep(_few(load_percentiles(load_counts(rows.interactions), run_date)))
    found = keep(_few(segments(rows.sessions, rows.users)))
    daily = keep(_few(daily_engagement(active, run_date)))
    by_kind = {table: found.where(F.col("kind") == kind) for kind, table in tables.SEGMENTS.items()}
    return {
        tables.ACTIVE_DAYS: active_days(use),
        tables.POWER_USERS: power_users(use),
        tables.RETENTION: retention(active, run_date),
        **by_kind,
        tables.LOAD_TIMES: loads.where(F.col("app_version").isNotNull()),
        tables.DEVICE_CORRELATION: device_correlation(user_medians(rows.interactions), rows.users),
        tables.ANOMALIES: anomalies(daily, sessions_by_day(rows.sessions), loads),
        tables.DAILY_ENGAGEMENT: daily,
    }


def _few(rows: DataFrame) -> DataFrame:
    """Bring few rows into one task, once many tasks have made them."""
    return rows.repartition(1)
