"""What people call the records of `notes`, its metrics and its values."""

from __future__ import annotations

from datetime import date

from include.report.notes.model import Metric, SegmentKind
from include.report.page import NONE
from include.report.text import Nouns, isolated, one_line

NOUNS = Nouns(record="record", event="interaction")
LONGEST_LABEL = 40
METRICS: dict[Metric, str] = {
    "dau": "Daily active users",
    "p95_load_ms": "95th percentile of load times",
    "sessions": "Sessions",
}
KINDS: dict[SegmentKind, str] = {"country": "Country", "device": "Device", "subscription": "Subscription"}


def segment_name(kind: SegmentKind, segment: str) -> str:
    """Return what people call a segment.

    >>> segment_name("country", "DE"), segment_name("country", "other"), segment_name("device", "phone")
    ('DE', 'Other', 'Phone')
    """
    return segment if kind == "country" and segment.isupper() else segment.capitalize()


def short_day(found: date) -> str:
    """Return a day with its weekday, short enough for a column.

    >>> short_day(date(2026, 11, 9))
    'Mon 9 Nov 2026'
    """
    return f"{found:%a} {found.day} {found:%b %Y}"


def user_name(user_id: str) -> str:
    """Return a user's id, which may be any text, in a form that fits a line and changes no direction around it."""
    return isolated(one_line(user_id, LONGEST_LABEL))


def milliseconds(time: float | None) -> str:
    """Return a load time, a dash where there is none.

    >>> milliseconds(1234.5), milliseconds(None) == NONE
    ('1,234 ms', True)
    """
    return NONE if time is None else f"{time:,.0f} ms"


def measured(metric: Metric, value: float | None) -> str:
    """Return a metric's value, or the mean of several, with its unit.

    >>> measured("dau", 1200.0), measured("dau", 12.25), measured("p95_load_ms", 812.4)
    ('1,200', '12.2', '812 ms')
    """
    if metric == "p95_load_ms" or value is None:
        return milliseconds(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
