"""Records that are rare in a log: one or more for every reason and every warning, and some at the edge of a rule.

They belong to users of their own. What becomes of each is written down here by hand.
"""

from __future__ import annotations

from datetime import timedelta

from include.sample_data.notes import texts
from include.sample_data.notes.calendar import Calendar
from include.sample_data.notes.damage import CONFLICT, Texts
from include.sample_data.notes.odd_log import COLUMNS, OPEN_QUOTE, OddRecords, line_of
from include.sample_data.notes.shape import DAY, HOUR, MINUTE, SECOND
from spark_jobs.contract import DUPLICATE
from spark_jobs.logs.notes.contract import INTERACTIONS, USERS

# The second one joins after the log, the stranger never.
USER, EARLY, STRANGER = 'odd, "1"', "odd\\2", "odd stranger"


def odd_records(calendar: Calendar) -> OddRecords:
    """Make the odd records of the last day of a log, and of the day after it."""
    odd = OddRecords()
    _add_users(odd, calendar)
    _add_interactions(odd, calendar.end - DAY)
    return odd


def _add_users(odd: OddRecords, calendar: Calendar) -> None:
    user = {
        "user_id": USER,
        "join_date": str(calendar.last_day),
        "country": "DE",
        "device_type": "phone",
        "device_year": "2020",
        "subscription_type": "free",
    }
    odd.reject(USERS, line_of(USERS, user | {"device_year": "2021"}), CONFLICT)
    good = odd.keep(USERS, user)
    odd.reject(USERS, line_of(USERS, user | {"device_year": "002020"}), DUPLICATE)
    odd.damage_all(USERS, good)
    odd.keep(USERS, user | {"user_id": EARLY, "join_date": str(calendar.last_day + timedelta(days=1))})
    odd.keep(USERS, user | {"user_id": "odd\u20033", "join_date": "2005-01-01"}, file=COLUMNS)


def _add_interactions(odd: OddRecords, day: int) -> None:
    """Add three sessions of the user, and one of one interaction of each of the others."""
    good = odd.keep(INTERACTIONS, _at(day, 0, "page_view", 'Plan, "v2"', "30000", "250"))
    twin = _at(day, 0, "page_view", 'Plan, "v2"', "030000", "0250") | {"timestamp": texts.time_at(day + 10 * HOUR, 1)}
    odd.reject(INTERACTIONS, line_of(INTERACTIONS, twin), DUPLICATE)
    odd.keep(INTERACTIONS, _at(day, 1, "edit", "two\nlines"))
    odd.keep(INTERACTIONS, _at(day, 2, "create", 'a\r\n"b",\r', "10000"))
    odd.keep(INTERACTIONS, _at(day, 3, "delete", " padded ", "0"))
    odd.keep(INTERACTIONS, _at(day, 4, "share", "c:\\notes\\"))
    # It is open up to the next one, exactly the gap later; the one after that is a millisecond more away.
    odd.keep(INTERACTIONS, _at(day, 5, "page_view", "\u00dcberblick", str(8 * HOUR + 1)), "longer_than_8_hours")
    odd.keep(INTERACTIONS, _at(day, 35, "edit", "inbox", "1000"))
    later = _at(day, 65, "page_view", "inbox", "5000", "0") | {
        "timestamp": texts.time_at(day + 10 * HOUR + 65 * MINUTE + 1)
    }
    odd.keep(INTERACTIONS, later)
    # Equal in all but the version: two.
    odd.keep(INTERACTIONS, _at(day, 66, "edit", "inbox"))
    odd.keep(INTERACTIONS, _at(day, 66, "edit", "inbox") | {"app_version": "1.9.0"})
    odd.keep(INTERACTIONS, _at(day, 67, "share", "inbox", "7"), file=COLUMNS)
    odd.keep(INTERACTIONS, _at(day, 68, "edit", "inbox", "100"), file=OPEN_QUOTE)
    odd.damage_all(INTERACTIONS, good)
    # A clock that is ahead: the first instant after the log.
    odd.keep(INTERACTIONS, _at(day, 14 * 60, "page_view", "inbox", "60000", "600000"))
    odd.keep(INTERACTIONS, _at(day, 10, "edit", "inbox", "3000") | {"user_id": EARLY}, "before_join_date")
    odd.keep(INTERACTIONS, _at(day, 5, "edit", "inbox") | {"user_id": STRANGER}, "unknown_user")
    # What is open for hours counts up to the next interaction.
    active = (30 + 10 + 30 * 60 + 1 + 5 + 60 + 3) * SECOND + 7 + 100
    odd.counts.update(sessions=5, bounced_sessions=3, sessions_without_duration=1, users=3, users_in_28_days=3)
    odd.counts["active_ms"] += active
    odd.users_of_last_day, odd.sessions_of_last_day = 3, 4


def _at(day: int, minute: int, action: str, page: str, duration: str = "", load: str = "") -> Texts:
    """Return an interaction of the user so many minutes after ten."""
    return {
        "user_id": USER,
        "timestamp": texts.time_at(day + 10 * HOUR + minute * MINUTE),
        "action_type": action,
        "page_id": page,
        "duration_ms": duration,
        "load_ms": load,
        "app_version": "1.10.1",
    }
