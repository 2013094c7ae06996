"""Rows of a small notes log for tests by hand: Ann, Bob and many others, around the run date, a Friday in May 2024."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

from tests.notes_model import Interaction, Judged, User, judge
from tests.notes_model.records import NAMES

D = date(2024, 5, 10)
ANN, BOB = "ann", "bob"
DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
HOUR = 3_600_000
HEADER, USER_HEADER = (",".join(NAMES[kind]) for kind in ("interactions", "users"))
GOOD = {
    "interactions": {
        "user_id": "ann",
        "timestamp": "2024-05-01T12:00:00Z",
        "action_type": "page_view",
        "page_id": "home",
        "duration_ms": "1500",
        "load_ms": "20",
        "app_version": "1.10.2",
    },
    "users": {
        "user_id": "ann",
        "join_date": "2024-04-30",
        "country": "DE",
        "device_type": "phone",
        "device_year": "2020",
        "subscription_type": "free",
    },
}


def at(clock: str, day: date = D) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}+00:00")


def act(
    moment: datetime, user_id: str = ANN, action_type: str = "edit", page_id: str = "p", **more: object
) -> Interaction:
    return Interaction(user_id, moment, action_type, page_id, **more)


def load(milliseconds: int, moment: datetime, user_id: str = ANN, version: str = "1.0.0") -> Interaction:
    return act(moment, user_id, "page_view", load_ms=milliseconds, app_version=version)


def on(day: date, *users: str, clock: str = "12:00:00", **more: object) -> list[Interaction]:
    """One interaction of each user on a day."""
    return [act(at(clock, day), user, **more) for user in users]


def ago(days: int) -> date:
    return D - DAY * days


def people(number: int, prefix: str = "u") -> list[str]:
    return [f"{prefix}{place:03}" for place in range(number)]


def user(user_id: str, **more: object) -> User:
    return User(user_id, more.pop("join_date", date(2020, 1, 1)), **more)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def line(kind: str = "interactions", **changes: str) -> str:
    """A good record with other values, as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow((GOOD[kind] | changes).values())
    return out.getvalue().removesuffix("\r\n")


def judged(*lines: str, users: tuple[str, ...] = ()) -> Judged:
    """What becomes of a file of interactions, and of one of users."""
    files = {"interactions/a.csv": "\n".join([HEADER, *lines]).encode()}
    if users:
        files["users/a.csv"] = "\n".join([USER_HEADER, *users]).encode()
    return judge(files, D)


def verdict(kind: str = "interactions", **changes: str) -> object:
    """The reason against a record, or its row."""
    found = judge({f"{kind}/a.csv": f"{','.join(GOOD[kind])}\n{line(kind, **changes)}".encode()}, D)
    (only,) = [*found.accepted[kind], *(one.reason for one in found.rejected)]
    return only


def column(rows: list[dict], *names: str) -> list:
    """The values of a column of all rows, or tuples of those of several."""
    return [row[names[0]] if len(names) == 1 else tuple(row[name] for name in names) for row in rows]
