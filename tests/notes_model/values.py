"""The types of fields: each function takes the text of a value and returns the value, or raises ValueError."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

Reader = Callable[[str], object]

# The characters with Unicode's White_Space property.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NUMBER = r"(0|[1-9][0-9]*)"
VERSION = re.compile(rf"{NUMBER}\.{NUMBER}\.{NUMBER}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{3})?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
FAR_PAST, FAR_FUTURE = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def is_blank(value: str) -> bool:
    """Say whether a value is empty or nothing but white space."""
    return not value.strip(WHITE_SPACE)


def text(longest: int) -> Reader:
    def read(value: str) -> str:
        _claim(len(value) <= longest)
        return value

    return read


def name(longest: int) -> Reader:
    """Read a text without a control character: U+0000 to U+001F and U+007F to U+009F."""

    def read(value: str) -> str:
        _claim(len(value) <= longest and not CONTROL.search(value))
        return value

    return read


def one_of(*words: str) -> Reader:
    def read(value: str) -> str:
        _claim(value in words)
        return value

    return read


def country(value: str) -> str:
    _claim(re.fullmatch("[A-Z]{2}", value))
    return value


def number(lowest: int, highest: int) -> Reader:
    """Read ASCII digits alone, leading zeros too: 007 is 7."""

    def read(value: str) -> int:
        _claim(re.fullmatch("[0-9]+", value))
        digits = value.lstrip("0") or "0"
        _claim(len(digits) <= len(str(highest)) and lowest <= int(digits) <= highest)
        return int(digits)

    return read


def version(value: str) -> str:
    _claim(VERSION.fullmatch(value))
    return value


def in_order(app_version: str) -> tuple[tuple[int, str], ...]:
    """Return the key that orders versions by their numbers, of any length."""
    return tuple((len(part), part) for part in app_version.split("."))


def day(value: str) -> date:
    """Read a date of the calendar, `2009-05-04`. The year 0000 is none."""
    _claim(DAY.fullmatch(value))
    return date.fromisoformat(value)


def time(value: str) -> datetime:
    """Return the instant in UTC.

    ISO-8601 has many forms. This is the one with `T`, seconds, and `Z` or an offset `+hh:mm` of at most 18 hours; no
    second 60, no hour 24. An offset can lead out of the years 1 to 9999: such a time is valid, and implausible.
    """
    match = TIME.fullmatch(value)
    _claim(match)
    hours, minutes = int(match[5] or 0), int(match[6] or 0)
    _claim(minutes <= 59 and hours * 60 + minutes <= 18 * 60)
    local = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ''}+00:00")
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if match[4] == "-" else 1)
    try:
        return local - offset
    except OverflowError:
        return FAR_FUTURE if local.year == 9999 else FAR_PAST


def _claim(holds: object) -> None:
    if not holds:
        raise ValueError("invalid")
