"""The tables that engagement writes, the answer last."""

from __future__ import annotations

from pyspark.sql import types as T

from spark_jobs.lake.tables import Table

_TYPES: dict[str, T.DataType] = {
    "text": T.StringType(),
    "count": T.LongType(),
    "number": T.IntegerType(),
    "real": T.DoubleType(),
    "claim": T.BooleanType(),
    "time": T.TimestampType(),
    "date": T.DateType(),
}


def _schema(columns: str) -> T.StructType:
    """Read columns from `name type, name type`."""
    pairs = (column.split() for column in columns.split(","))
    return T.StructType([T.StructField(name, _TYPES[kind]) for name, kind in pairs])


SESSION_OUTCOMES = Table(
    "session_outcomes",
    _schema(
        """
        session_id text, user_id text, started_at time, ended_at time, duration_seconds real, interaction_count count,
        active_seconds real, country text, device_type text, subscription_type text, is_bounced claim
        """
    ),
)

DAILY_ENGAGEMENT = Table(
    "daily_engagement",
    _schema(
        """
        date date, dau count, wau_7d count, mau_28d count, mau_month_to_date count, stickiness real, new_users count,
        window_complete claim
        """
    ),
)

ACTIVE_DAYS = Table("active_days", _schema("active_days number, users count"))

POWER_USERS = Table(
    "power_users",
    _schema("rank number, user_id text, active_hours real, active_days number, share_of_active_time real"),
)

RETENTION = Table(
    "retention",
    _schema(
        """
        cohort_week date, week number, cohort_size count, retained_in count, retained_in_or_after count, is_first claim
        """
    ),
)

# The table of the segments by each of these columns of a user.
SEGMENTS = {
    column: Table(
        name, _schema("segment text, users count, sessions count, mean_duration_seconds real, bounce_rate real")
    )
    for column, name in {
        "country": "country_segments",
        "device_type": "device_segments",
        "subscription_type": "subscription_segments",
    }.items()
}

LOAD_TIMES = Table(
    "load_times", _schema("app_version text, date date, count count, p50_ms real, p95_ms real, p99_ms real")
)

DEVICE_CORRELATION = Table("device_correlation", _schema("app_version text, users count, spearman real"))

ANOMALIES = Table(
    "anomalies",
    _schema(
        """
        date date, metric text, value real, mean real, standard_deviation real, z real, flagged claim,
        same_weekday_week_before real
        """
    ),
)

WARNINGS = Table("warnings", _schema("kind text, warning text, records count"))

# In the order in which they are published, the answer last.
ANSWERS = (
    ACTIVE_DAYS,
    POWER_USERS,
    RETENTION,
    *SEGMENTS.values(),
    LOAD_TIMES,
    DEVICE_CORRELATION,
    ANOMALIES,
    WARNINGS,
    DAILY_ENGAGEMENT,
)
TABLES = (SESSION_OUTCOMES, *ANSWERS)
