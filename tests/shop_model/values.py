"""The types of fields: each function takes a value of JSON and returns it normalised, or raises ValueError."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.shop_model.strict_json import Number

Reader = Callable[[object], object]

# The characters with Unicode's White_Space property.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MONEY = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")
TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,6}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
FAR_PAST, FAR_FUTURE = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def is_blank(value: object) -> bool:
    """Say whether a value is null or nothing but white space: `""`, too, has nothing else."""
    return value is None or (isinstance(value, str) and not value.strip(WHITE_SPACE))


def text(longest: int | None = None) -> Reader:
    def read(value: object) -> str:
        _claim(isinstance(value, str) and (longest is None or len(value) <= longest))
        return value

    return read


def url(value: object) -> str:
    """Cut the query and the fragment, after the length is judged; what is left may be empty, and is kept."""
    return re.split(r"[?#]", text(2048)(value))[0]


def one_of(*words: str) -> Reader:
    def read(value: object) -> str:
        _claim(isinstance(value, str) and value in words)
        return value

    return read


def capitals(number: int) -> Reader:
    def read(value: object) -> str:
        _claim(isinstance(value, str) and re.fullmatch(f"[A-Z]{{{number}}}", value))
        return value

    return read


def uuid(value: object) -> str:
    _claim(isinstance(value, str) and UUID.fullmatch(value))
    return value.lower()


def ip(value: object) -> str:
    """Keep the text as it is: two spellings of one address are two texts. An IPv6 zone (`%eth0`) is no address."""
    _claim(isinstance(value, str) and "%" not in value)
    ipaddress.ip_address(value)
    return value


def integer(value: object) -> int:
    """Take any number whose value is whole (2, 2.0, 20e-1), from 1 to 1,000."""
    _claim(isinstance(value, Number))
    _claim(1 <= _finite(value) <= 1000 and value.value == int(value.value))
    return int(value.value)


def money(value: object) -> Decimal:
    """Judge a number by its value (1e2, 10.500 and -0 are money), a text by its form (digits, a point, digits).

    So a text has no sign and no exponent, at least one digit on each side of a point, and may begin with zeros.
    """
    if isinstance(value, str):
        _claim(MONEY.fullmatch(value))
        return Decimal(value)
    _claim(isinstance(value, Number))
    amount = _finite(value)
    _claim(0 <= amount < 10**10)
    # By its digits, for arithmetic would round a number of many digits.
    digits, exponent = "".join(map(str, amount.as_tuple().digits)), amount.as_tuple().exponent
    _claim(amount == 0 or exponent >= -2 or not digits[exponent + 2 :].strip("0"))
    return abs(amount)


def time(value: object) -> datetime:
    """Return the instant in UTC, to the microsecond.

    The year 0000 is no time, as the validators of JSON Schema have it. An offset can lead out of the years 1 to 9999.
    Such a time is valid and far away: implausible as an `occurred_at`, and as a `valid_from` the first or the last
    instant of Python.
    """
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    _claim(match)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    hours, minutes = int(match[9] or 0), int(match[10] or 0)
    _claim(minutes <= 59 and hours * 60 + minutes <= 18 * 60)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if match[8] == "-" else 1)
    local = datetime(year, month, day, hour, minute, second, int((match[7] or "").ljust(6, "0")), tzinfo=UTC)
    try:
        return local - offset
    except OverflowError:
        return FAR_FUTURE if year == 9999 else FAR_PAST


def items(item: Callable[[object], object]) -> Reader:
    def read(value: object) -> tuple[object, ...]:
        _claim(isinstance(value, list) and 1 <= len(value) <= 500)
        return tuple(item(one) for one in value)

    return read


def _finite(number: Number) -> Decimal:
    _claim(not number.value.is_nan())
    return number.value


def _claim(holds: object) -> None:
    if not holds:
        raise ValueError("invalid")
