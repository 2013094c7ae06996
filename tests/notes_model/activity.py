"""Active users by day, active days, power users and retention."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction

from tests.notes_model.exact import milliseconds, ratio
from tests.notes_model.rows import Interaction
from tests.notes_model.sessions import timed

Rows = list[dict[str, object]]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
WINDOW = 28  # days
WEEKS = 27  # 0 to 26
HOUR = 3_600_000


def days_until(interactions: list[Interaction], run_date: date) -> list[date]:
    """Return every day from the log's first to the run date; none of a log that begins after it or has nothing."""
    first = min((one.occurred_at.date() for one in interactions), default=run_date + DAY)
    return [first + DAY * number for number in range((run_date - first).days + 1)]


def users_by_day(interactions: list[Interaction], run_date: date) -> dict[date, set[str]]:
    """Return the users of each day with an interaction, up to the run date."""
    users: dict[date, set[str]] = defaultdict(set)
    for one in interactions:
        if one.occurred_at.date() <= run_date:
            users[one.occurred_at.date()].add(one.user_id)
    return users


def daily_engagement(interactions: list[Interaction], run_date: date) -> Rows:
    """Return a row for every day. The log's 28th day is its first plus 27."""
    users, days = users_by_day(interactions, run_date), days_until(interactions, run_date)
    rows, seen = [], set()
    for number, day in enumerate(days, start=1):
        monthly = _users_of(users, day, WINDOW)
        rows.append(
            {
                "date": day,
                "dau": len(_users_of(users, day, 1)),
                "wau_7d": len(_users_of(users, day, 7)),
                "mau_28d": len(monthly),
                "mau_month_to_date": len(_users_of(users, day, day.day)),
                "stickiness": ratio(len(_users_of(users, day, 1)), len(monthly)),
                "new_users": len(_users_of(users, day, 1) - seen),
                "window_complete": number >= WINDOW,
            }
        )
        seen |= _users_of(users, day, 1)
    return rows


def _users_of(users: dict[date, set[str]], last: date, days: int) -> set[str]:
    """Return the users of so many days, the last one included."""
    return set().union(*(users.get(last - DAY * back, set()) for back in range(days)))


def active_days(interactions: list[Interaction], run_date: date) -> Rows:
    """Return how many users were active on 1 to 28 of the last 28 days: always 28 rows."""
    counts = Counter(_days_of_users(interactions, run_date).values())
    return [{"active_days": number, "users": counts[number]} for number in range(1, WINDOW + 1)]


def _days_of_users(interactions: list[Interaction], run_date: date) -> Counter[str]:
    users = users_by_day(interactions, run_date)
    return Counter(user for back in range(WINDOW) for user in users.get(run_date - DAY * back, ()))


def power_users(interactions: list[Interaction], run_date: date) -> Rows:
    """Return the top 1 % of the users with active time in the last 28 days, and all who are as active as the last.

    Active time belongs to the day on which its interaction starts, also what of it is after that day. The 1 % is of
    the users with active time; the share is of the active time of all users.
    """
    window = (run_date - DAY * (WINDOW - 1), run_date)
    active: Counter[str] = Counter()
    for one in timed(interactions):
        if window[0] <= one.row.occurred_at.date() <= window[1]:
            active[one.row.user_id] += milliseconds(one.active)
    active = +active
    times = sorted(active.values(), reverse=True)
    least = times[math.ceil(len(times) / 100) - 1] if times else 0
    days, total = _days_of_users(interactions, run_date), sum(times)
    rows = [
        {
            "rank": times.index(time) + 1,
            "user_id": user,
            "active_hours": ratio(time, HOUR),
            "active_days": days[user],
            "share_of_active_time": ratio(time, total),
        }
        for user, time in active.items()
        if time >= least
    ]
    return sorted(rows, key=lambda row: (row["rank"], row["user_id"]))


def monday_of(day: date) -> date:
    return day - DAY * day.weekday()


def retention(interactions: list[Interaction], run_date: date) -> Rows:
    """Return 27 weeks of every cohort that has users.

    Nothing after the run date counts: neither for a size nor as "after" a week.
    """
    weeks: dict[str, set[date]] = defaultdict(set)
    for day, users in users_by_day(interactions, run_date).items():
        for user in users:
            weeks[user].add(monday_of(day))
    cohorts: dict[date, list[set[date]]] = defaultdict(list)
    for own in weeks.values():
        cohorts[min(own)].append(own)
    rows = []
    for cohort, members in sorted(cohorts.items()):
        for number in range(WEEKS):
            week = cohort + WEEK * number
            is_complete = week + DAY * 6 <= run_date
            rows.append(
                {
                    "cohort_week": cohort,
                    "week": number,
                    "cohort_size": len(members),
                    "retained_in": sum(week in own for own in members) if is_complete else None,
                    "retained_in_or_after": sum(max(own) >= week for own in members) if is_complete else None,
                    "is_first": cohort == min(cohorts),
                }
            )
    return rows


def average_retention(rows: Rows) -> dict[int, tuple[float | None, float | None]]:
    """Return by week the share that was retained in it, and in or after it, over the cohorts that reached it."""
    shares = {}
    for week in range(WEEKS):
        reached = [row for row in rows if row["week"] == week and row["retained_in"] is not None]
        sizes = sum(row["cohort_size"] for row in reached)
        shares[week] = tuple(
            ratio(Fraction(sum(row[name] for row in reached)), sizes)
            for name in ("retained_in", "retained_in_or_after")
        )
    return shares
