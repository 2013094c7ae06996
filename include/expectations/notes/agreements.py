"""By how much the answers of the notes differ where they must agree: users, sessions or rows, never negative."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from spark_jobs.engagement.tables import SEGMENTS

# The days of a window.
MONTH = 28
# Shares add up to 1 but for the last bits of a double.
_ROUNDING = 1e-9
Answers = Mapping[str, pd.DataFrame]


def differences(answers: Answers, users: int, sessions: int) -> dict[str, float]:
    """Return what must be 0, given the rows of every answer by table, and the users and sessions of the whole log."""
    found = {
        **_windows(answers["daily_engagement"]),
        **_active_days(answers["active_days"], answers["daily_engagement"]),
        **_cohorts(answers["retention"], answers["daily_engagement"], users),
        **_segments(answers, users, sessions),
        "days_dau_differs": _dau_differs(answers["anomalies"], answers["daily_engagement"]),
        **_load_times(answers["load_times"]),
        **_power_users(answers["power_users"]),
    }
    return {name: abs(float(difference)) for name, difference in found.items()}


def _windows(days: pd.DataFrame) -> dict[str, float]:
    return {
        "days_dau_above_wau": (days.dau > days.wau_7d).sum(),
        "days_wau_above_mau": (days.wau_7d > days.mau_28d).sum(),
        "days_dau_above_month": (days.dau > days.mau_month_to_date).sum(),
    }


def _active_days(active: pd.DataFrame, days: pd.DataFrame) -> dict[str, float]:
    last = days.sort_values("date").tail(MONTH)
    return {
        "active_users_not_in_days": active.users.sum() - last.mau_28d.tail(1).sum(),
        "user_days_not_in_days": (active.active_days * active.users).sum() - last.dau.sum(),
    }


def _cohorts(cohorts: pd.DataFrame, days: pd.DataFrame, users: int) -> dict[str, float]:
    over = cohorts.dropna(subset=["retained_in", "retained_in_or_after"])
    over = over.astype({"retained_in": "int64", "retained_in_or_after": "int64"}).sort_values("week")
    first, new = over[over.week == 0], days.new_users.sum()
    later = over.groupby("cohort_week").retained_in_or_after.diff()
    return {
        "new_users_not_in_cohorts": cohorts[cohorts.week == 0].cohort_size.sum() - new,
        "new_users_beyond_users": max(0, new - users),
        "cohorts_above_their_size": (
            (over.retained_in > over.retained_in_or_after) | (over.retained_in_or_after > over.cohort_size)
        ).sum(),
        "cohorts_that_begin_smaller": (first.retained_in != first.cohort_size).sum(),
        "cohorts_that_grow_again": (later > 0).sum(),
    }


def _segments(answers: Answers, users: int, sessions: int) -> dict[str, float]:
    found = {}
    for column, table in SEGMENTS.items():
        rows, kind = answers[table.name], column.removesuffix("_type")
        found[f"users_not_in_{kind}_segments"] = users - rows.users.sum()
        found[f"sessions_not_in_{kind}_segments"] = sessions - rows.sessions.sum()
    return found


def _dau_differs(anomalies: pd.DataFrame, days: pd.DataFrame) -> float:
    known = anomalies[anomalies.metric == "dau"].set_index("date").value
    return (known.reindex(days.date).to_numpy() != days.dau.to_numpy()).sum() + abs(len(known) - len(days))


def _load_times(loads: pd.DataFrame) -> dict[str, float]:
    is_whole = loads.date.isna()
    whole = loads[is_whole].set_index("app_version")["count"]
    of_days = loads[~is_whole].groupby("app_version")["count"].sum()
    # A comparison with null is false.
    falls = (loads.p50_ms > loads.p95_ms) | (loads.p95_ms > loads.p99_ms)
    return {
        "loads_of_days_beyond_all": (of_days > whole.reindex(of_days.index, fill_value=0)).sum(),
        "percentiles_that_fall": falls.sum(),
    }


def _power_users(power_users: pd.DataFrame) -> dict[str, float]:
    by_rank = power_users.sort_values("rank")
    share = power_users.share_of_active_time.sum()
    return {
        "power_users_out_of_order": (by_rank.active_hours.diff() > 0).sum(),
        "share_beyond_all": max(0, share - 1 - _ROUNDING),
    }
