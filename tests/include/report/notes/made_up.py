"""Answers of a log of any length as an app may have them: for the pictures, not for the rules."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean, stdev
from typing import Any

from tests.notes_model.activity import monday_of

Rows = list[dict[str, Any]]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
VERSIONS = ("1.8.0", "1.9.0", "1.9.1", "1.10.0", "1.10.2", "2.0.0")
COUNTRIES = ("DE", "US", "FR", "GB", "BR", "JP", "IN", "NL", "PL", "SE", "ES", "IT", "unknown", "other")


def made_up(days: int, run_date: date, seed: int = 7) -> dict[str, Rows]:
    """Return the tables of so many days up to the run date: growing, quiet at weekends, one day off, one slow."""
    random.seed(seed)
    every = [run_date - DAY * back for back in reversed(range(days))]
    daily = _daily(every)
    return {
        "daily_engagement": daily,
        "active_days": _active_days(daily),
        "power_users": _power_users(daily),
        "retention": _retention(every, run_date),
        "country_segments": _segments(COUNTRIES, daily),
        "device_segments": _segments(("desktop", "phone", "tablet"), daily),
        "subscription_segments": _segments(("free", "basic", "premium", "unknown"), daily),
        "load_times": _load_times(every),
        "device_correlation": _correlations(every),
        "anomalies": _anomalies(every, daily),
        "warnings": [],
        "session_outcomes": _outcomes(every),
    }


def _daily(every: list[date]) -> Rows:
    rows: Rows = []
    for place, day in enumerate(every):
        weekend = 0.38 if day.weekday() >= 5 else 1
        dau = int((900 + 2 * place) * weekend * random.gauss(1, 0.05))
        if place == len(every) - 40:
            dau = 0
        if place == len(every) - 9:
            dau = int(dau * 1.9)
        so_far = min(place + 1, 28)
        mau = int((2_400 + 4 * place) * (1 - math.exp(-so_far / 7)))
        rows.append(
            {
                "date": day,
                "dau": min(dau, mau),
                "wau_7d": int(mau * (0.45 + 0.02 * math.sin(place / 9))) if place >= 7 else mau,
                "mau_28d": mau,
                "mau_month_to_date": int(mau * min(1, (day.day + 6) / 28)),
                "stickiness": min(dau, mau) / mau if mau else None,
                "new_users": int(40 * weekend) if place else dau,
                "window_complete": place >= 27,
            }
        )
    return rows


def _active_days(daily: Rows) -> Rows:
    most = min(len(daily), 28)
    often = (19, 20, 21)
    counts = [int(600 * math.exp(-number / 5) + (40 if number in often else 6)) for number in range(1, 29)]
    return [
        {"active_days": number, "users": users if number <= most else 0} for number, users in enumerate(counts, start=1)
    ]


def _power_users(daily: Rows) -> Rows:
    count = math.ceil(daily[-1]["mau_28d"] / 100) if daily else 0
    return [
        {
            "rank": place + 1,
            "user_id": f"user-{random.randrange(10**9):09}",
            "active_hours": 190 / (place + 1) ** 0.6,
            "active_days": max(1, min(len(daily), 28 - place // 4)),
            "share_of_active_time": 0.1 / (place + 1) ** 0.8,
        }
        for place in range(count)
    ]


def _retention(every: list[date], run_date: date) -> Rows:
    mondays = sorted({monday_of(day) for day in every})
    return [row for place, monday in enumerate(mondays) for row in _cohort(monday, run_date, is_first=not place)]


def _cohort(monday: date, run_date: date, *, is_first: bool) -> Rows:
    size = 2_100 if is_first else random.randrange(120, 260)
    rows, later = [], 1.0
    for week in range(27):
        rate = 1 if not week else (0.12 + 0.35 * math.exp(-week / 3)) * random.gauss(1, 0.06)
        later = 1 if not week else min(later, rate + 0.3 * math.exp(-week / 12))
        is_over = monday + WEEK * week + DAY * 6 <= run_date
        rows.append(
            {
                "cohort_week": monday,
                "week": week,
                "cohort_size": size,
                "retained_in": int(size * rate) if is_over else None,
                "retained_in_or_after": int(size * later) if is_over else None,
                "is_first": is_first,
            }
        )
    return rows


def _segments(names: tuple[str, ...], daily: Rows) -> Rows:
    users = sum(row["new_users"] for row in daily)
    parts = [0.5 ** (place + 1) for place in range(len(names))]
    return [
        {
            "segment": name,
            "users": int(users * part),
            "sessions": int(users * part * 9.3),
            "mean_duration_seconds": random.uniform(240, 1_100),
            "bounce_rate": random.uniform(0.1, 0.4),
        }
        for name, part in sorted(zip(names, parts, strict=True))
        if daily
    ]


def _load_times(every: list[date]) -> Rows:
    rows: Rows = []
    for place, version in enumerate(VERSIONS if every else ()):
        count = (60_000, 240_000, 12_345, 310_000, 90_000, 64)[place]
        p50 = 420 - 30 * place
        p95, p99 = p50 * random.uniform(2.5, 4), p50 * random.uniform(5, 9)
        row = {"app_version": version, "p50_ms": float(p50), "p95_ms": p95, "p99_ms": p99 if count >= 100 else None}
        rows.append({**row, "date": None, "count": count})
        rows += [{**row, "date": day, "count": 100} for day in every[-3:]]
    return rows


def _correlations(every: list[date]) -> Rows:
    found = (-0.21, -0.34, None, -0.41, 0.06, None)
    return [
        {"app_version": version, "users": 9 if spearman is None else 1_400, "spearman": spearman}
        for version, spearman in zip(VERSIONS, found, strict=True)
        if every
    ]


def _anomalies(every: list[date], daily: Rows) -> Rows:
    slow = len(every) - 17
    values: dict[str, list[float | None]] = {
        "dau": [float(row["dau"]) for row in daily],
        "p95_load_ms": [
            None if not row["dau"] else random.gauss(950, 60) * (2.6 if place == slow else 1)
            for place, row in enumerate(daily)
        ],
        "sessions": [float(int(row["dau"] * random.gauss(1.6, 0.05))) for row in daily],
    }
    return [
        {"date": day, "metric": metric, **_stands_out(of, place)}
        for place, day in enumerate(every)
        for metric, of in values.items()
    ]


def _stands_out(values: list[float | None], place: int) -> dict[str, Any]:
    value, history = values[place], [one for one in values[max(0, place - 28) : place] if one is not None]
    found = {"value": value, "mean": None, "standard_deviation": None, "z": None, "flagged": False}
    found["same_weekday_week_before"] = values[place - 7] if place >= 7 else None
    if len(history) < 14:
        return found
    found |= {"mean": mean(history), "standard_deviation": stdev(history)}
    if value is not None and found["standard_deviation"]:
        z = (value - found["mean"]) / found["standard_deviation"]
        found |= {"z": z, "flagged": abs(z) > 3}
    return found


def _outcomes(every: list[date]) -> Rows:
    rows = []
    for number in range(200 if every else 0):
        started = datetime.combine(every[-1 - number % len(every)], time(number % 24), UTC)
        count = number % 9 + 1
        rows.append(
            {
                "session_id": f"s{number}",
                "user_id": f"u{number % 40}",
                "started_at": started,
                "ended_at": started + timedelta(minutes=count),
                "duration_seconds": 60.0 * count,
                "interaction_count": count,
                "active_seconds": 37.5 * count,
                "country": "DE",
                "device_type": "phone",
                "subscription_type": "free",
                "is_bounced": count == 1,
            }
        )
    return rows
