"""The rows of the two kinds, and the words that they may hold, in the order in which they are listed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

ACTIONS = ("page_view", "edit", "create", "delete", "share")
DEVICES = ("phone", "tablet", "desktop")
SUBSCRIPTIONS = ("free", "basic", "premium")


@dataclass(frozen=True)
class Interaction:
    user_id: str
    occurred_at: datetime
    action_type: str
    page_id: str
    duration_ms: int | None = None
    load_ms: int | None = None
    app_version: str = "1.0.0"


@dataclass(frozen=True)
class User:
    user_id: str
    join_date: date
    country: str = "DE"
    device_type: str = "phone"
    device_year: int = 2020
    subscription_type: str = "free"


Row = Interaction | User


def by_column(row: Row) -> tuple[tuple[bool, object], ...]:
    """Return the key that orders rows by all values: column by column, empty first, numbers as numbers.

    Texts compare by code points, versions and the words of a list too: the rules say "as listed" of an action alone.
    """
    values = [getattr(row, one.name) for one in fields(row)]
    return tuple((value is not None, value) for value in values)
