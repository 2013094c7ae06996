"""Every answer, and the exact text of its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from tests.notes_model.activity import Rows, active_days, daily_engagement, power_users, retention
from tests.notes_model.judged import KINDS, WARNINGS, warnings_of
from tests.notes_model.performance import anomalies, device_correlation, load_times
from tests.notes_model.rows import Interaction, User
from tests.notes_model.segments import segment_rows
from tests.notes_model.sessions import sessions_of

SEGMENT = "segment users sessions mean_duration_seconds bounce_rate".split()
COLUMNS = {
    "daily_engagement": ("date dau wau_7d mau_28d mau_month_to_date stickiness new_users window_complete").split(),
    "active_days": ["active_days", "users"],
    "power_users": "rank user_id active_hours active_days share_of_active_time".split(),
    "retention": "cohort_week week cohort_size retained_in retained_in_or_after is_first".split(),
    "country_segments": SEGMENT,
    "device_segments": SEGMENT,
    "subscription_segments": SEGMENT,
    "load_times": "app_version date count p50_ms p95_ms p99_ms".split(),
    "device_correlation": ["app_version", "users", "spearman"],
    "anomalies": ("date metric value mean standard_deviation z flagged same_weekday_week_before").split(),
}
THOUSANDTHS = (
    "active_hours mean_duration_seconds p50_ms p95_ms p99_ms value mean standard_deviation same_weekday_week_before"
).split()


def answers(interactions: list[Interaction], users: list[User], run_date: date) -> dict[str, Rows]:
    """Answer a log of accepted rows: the rows of each answer by name, in the order of its file, and the warnings."""
    sessions = sessions_of(interactions, users)
    return {
        "daily_engagement": daily_engagement(interactions, run_date),
        "active_days": active_days(interactions, run_date),
        "power_users": power_users(interactions, run_date),
        "retention": retention(interactions, run_date),
        "country_segments": segment_rows(sessions, "country"),
        "device_segments": segment_rows(sessions, "device_type"),
        "subscription_segments": segment_rows(sessions, "subscription_type"),
        "load_times": load_times(interactions, run_date),
        "device_correlation": device_correlation(interactions, users),
        "anomalies": anomalies(interactions, sessions, run_date),
        "warnings": warning_rows(warnings_of(interactions, users)),
    }


def warning_rows(warnings: Counter[str]) -> Rows:
    """Return a row for each warning, by name: interactions alone have any."""
    return [{"kind": KINDS[0], "warning": name, "records": warnings[name]} for name in WARNINGS]


def files_of(tables: Mapping[str, Rows]) -> dict[str, str]:
    """Return the text of each file by its name: a header line, then a line for each row. Warnings have no file."""
    return {f"{name}.tsv": text_of(COLUMNS[name], tables[name]) for name in COLUMNS}


def text_of(columns: list[str], rows: Rows) -> str:
    lines = [columns, *([written(column, row[column]) for column in columns] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def written(column: str, value: object) -> str:
    """Write a value: rates, shares, z and correlation with 6 decimals, milliseconds, hours and seconds with 3.

    The rules give no decimals for the values of anomalies, of which some are milliseconds and some are counts: all have
    3. They name no rounding: a number is the double next to the exact one, written as Python writes it.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3f}" if column in THOUSANDTHS else f"{value:.6f}"
    return "" if value is None else str(value)
