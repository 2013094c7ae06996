"""Load times, their correlation with devices, and the days that stand out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from tests.notes_model.activity import DAY, WEEK, WINDOW, Rows, days_until, users_by_day
from tests.notes_model.exact import mean, percentile, spearman, square_root, variance
from tests.notes_model.rows import Interaction, User
from tests.notes_model.sessions import Session
from tests.notes_model.values import in_order

FEWEST_FOR_P95, FEWEST_FOR_P99, FEWEST_USERS, FEWEST_VALUES = 20, 100, 10, 14
LARGEST_Z = 3


def load_times(interactions: list[Interaction], run_date: date) -> Rows:
    """Return a row for each version, then one for each of its days up to the run date.

    The row of all days is of the whole log: of interactions after the run date, too.
    """
    groups: dict[tuple[str, date | None], list[int]] = defaultdict(list)
    for one in interactions:
        if one.load_ms is not None:
            groups[one.app_version, None].append(one.load_ms)
            if one.occurred_at.date() <= run_date:
                groups[one.app_version, one.occurred_at.date()].append(one.load_ms)
    return [
        {
            "app_version": version,
            "date": day,
            "count": len(groups[version, day]),
            "p50_ms": float(percentile(groups[version, day], 50)),
            "p95_ms": _double(p95(groups[version, day])),
            "p99_ms": float(percentile(groups[version, day], 99))
            if len(groups[version, day]) >= FEWEST_FOR_P99
            else None,
        }
        for version, day in sorted(groups, key=lambda key: (in_order(key[0]), key[1] or date.min))
    ]


def p95(values: list[int]) -> Fraction | None:
    return percentile(values, 95) if len(values) >= FEWEST_FOR_P95 else None


def device_correlation(interactions: list[Interaction], users: list[User]) -> Rows:
    """Return a row for each version that a known user has a load time of; `users` are those users."""
    years = {user.user_id: user.device_year for user in users}
    loads: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for one in interactions:
        if one.load_ms is not None and one.user_id in years:
            loads[one.app_version][one.user_id].append(one.load_ms)
    rows = []
    for version in sorted(loads, key=in_order):
        own = loads[version]
        medians = [percentile(values, 50) for values in own.values()]
        is_enough = len(own) >= FEWEST_USERS
        rho = spearman([Fraction(years[user]) for user in own], medians) if is_enough else None
        rows.append({"app_version": version, "users": len(own), "spearman": rho})
    return rows


def anomalies(interactions: list[Interaction], sessions: list[Session], run_date: date) -> Rows:
    """Return three rows for each day: dau, the p95 of all its load times, and the sessions that start on it.

    A day without 20 load times has no p95; its row has a mean and a deviation, if there is enough before it.
    """
    users = users_by_day(interactions, run_date)
    days = days_until(interactions, run_date)
    loads: dict[date, list[int]] = {day: [] for day in days}
    for one in interactions:
        if one.load_ms is not None and one.occurred_at.date() <= run_date:
            loads[one.occurred_at.date()].append(one.load_ms)
    starts = Counter(session.started_at.date() for session in sessions)
    values = {
        "dau": {day: len(users.get(day, ())) for day in days},
        "p95_load_ms": {day: p95(loads[day]) for day in days},
        "sessions": {day: starts[day] for day in days},
    }
    return [{"date": day, "metric": metric, **_stands_out(of, day)} for day in days for metric, of in values.items()]


def _stands_out(values: dict[date, Fraction | int | None], day: date) -> dict[str, object]:
    """Compare a day's value with those of the 28 days before it; a day before the log has none."""
    value = values[day]
    history = [values.get(day - DAY * back) for back in range(1, WINDOW + 1)]
    known = [one for one in history if one is not None]
    found = {
        "value": _double(value),
        **dict.fromkeys(("mean", "standard_deviation", "z")),
        "flagged": False,
        "same_weekday_week_before": _double(values.get(day - WEEK)),
    }
    if len(known) < FEWEST_VALUES:
        return found
    return found | {"mean": float(mean(known)), "standard_deviation": square_root(variance(known))} | _z(value, known)


def _z(value: Fraction | int | None, history: Sequence[Fraction | int]) -> dict[str, object]:
    """Return z and whether it is flagged, decided exactly. A value that is absent differs from nothing."""
    if value is None:
        return {"z": None, "flagged": False}
    away, spread = value - mean(history), variance(history)
    if not spread:
        return {"z": None, "flagged": away != 0}
    z = square_root(away**2 / spread)
    return {"z": -z if away < 0 else z, "flagged": away**2 > LARGEST_Z**2 * spread}


def _double(value: Fraction | int | None) -> float | None:
    return None if value is None else float(value)
