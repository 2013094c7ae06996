"""What the text of a field says, by the type that the contract gives it: the typed value, or null if it is none."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.fields import Choice, Integer, IpAddress, Money, Text, Time, Type, Url, Uuid

# Unicode's property White_Space.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_NOT_WHITE_SPACE = r"\P{IsWhite_Space}"

# RFC 9562, section 4: groups of digits, by first byte counted from 1 and length, with a dash between two.
_UUID_BYTES, _UUID_GROUPS = 36, ((1, 8), (10, 4), (15, 4), (20, 4), (25, 12))

# `\z`, not `$`: Java's `$` also matches before a line end. There is no year 0, and Spark knows 366 days in it.
_TO_THE_SECOND = r"\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]"
_ZONE = r"(?:Z|[+-][0-9]{2}:[0-5][0-9])\z"

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_GROUP = "[0-9A-Fa-f]{1,4}"
# Eight groups; the last two may be an IPv4 address, and `::` stands for one or more groups of zeros.
_LAST_TWO = f"(?:{_GROUP}:{_GROUP}|{_IPV4})"
_IPV6 = "|".join(
    [
        f"(?:{_GROUP}:){{6}}{_LAST_TWO}",
        *(
            f"(?:{_GROUP}(?::{_GROUP}){{0,{before}}})?::(?:{_GROUP}:){{{after}}}{_LAST_TWO}"
            if before >= 0
            else f"::(?:{_GROUP}:){{{after}}}{_LAST_TWO}"
            for before, after in zip(range(-1, 5), range(5, -1, -1), strict=True)
        ),
        f"(?:{_GROUP}(?::{_GROUP}){{0,5}})?::{_GROUP}",
        f"(?:{_GROUP}(?::{_GROUP}){{0,6}})?::",
    ]
)


def value_of_text(found: Type, text: Column) -> Column:
    """Return the typed value of a text, null if it is none, or nothing but white space; null stays null."""
    # A text is no whole number, and no list.
    value = F.lit(None).cast("string")
    match found:
        case Text(longest=longest, pattern=pattern):
            matches = [text.rlike(rf"\A(?:{pattern})\z")] if pattern else []
            value = F.when(_all(_is_within(text, longest), *matches, ~is_blank(text)), text)
        case Url(longest=longest):
            # Before anything is cut from it, so that a longer one is invalid however it goes on.
            without_rest = F.substring_index(F.substring_index(text, "?", 1), "#", 1)
            value = F.when(_is_within(text, longest) & ~is_blank(text), without_rest)
        case Choice(values=values):
            value = F.when(text.isin(*values), text)
        case Uuid(as_it_came=as_it_came):
            value = F.when(is_uuid(text), text if as_it_came else F.lower(text))
        case IpAddress():
            value = F.when(text.rlike(rf"\A(?:{_IPV4}|{_IPV6})\z"), text)
        case Time(fraction_digits=digits, leap_seconds=False):
            value = F.when(text.rlike(_TO_THE_SECOND + _fraction(digits) + _ZONE), text.try_cast("timestamp"))
        case Money(digits=digits, decimals=decimals):
            is_amount = text.rlike(rf"\A[0-9]{{1,{digits}}}(?:\.[0-9]{{1,{decimals}}})?\z")
            value = F.when(is_amount, text.try_cast(f"decimal({digits + decimals},{decimals})"))
    return value


def value_of_number(found: Type, number: Column) -> Column:
    """Return the typed value of a JSON number, by its text; null if it is out of range, or has too many decimals."""
    match found:
        case Integer(lowest=lowest, highest=highest):
            return let(number, lambda one: _in_range(scaled(one, len(str(highest)), 0), lowest, highest))
        case Money(digits=digits, decimals=decimals):
            # Nearly every amount is written as a text of it is.
            return F.coalesce(value_of_text(found, number), let(number, lambda one: _amount(one, digits, decimals)))
    return F.lit(None).cast("string")


def _amount(number: Column, digits: int, decimals: int) -> Column:
    units = scaled(number, digits, decimals)
    amount = units.cast("decimal(20,0)") * F.lit(Decimal(1).scaleb(-decimals))
    return F.when(units >= 0, amount).cast(f"decimal({digits + decimals},{decimals})")


def value_of_long(found: Integer, number: Column) -> Column:
    """Return the typed value of a whole number (long), null if it is out of range."""
    return _in_range(number, found.lowest, found.highest)


def _in_range(number: Column, lowest: int, highest: int) -> Column:
    return F.when(number.between(lowest, highest), number).cast("int" if highest < 2**31 else "long")


def scaled(number: Column, digits: int, decimals: int) -> Column:
    """Return a JSON number times 10^decimals (long), null if that is not whole or it has more digits before its point.

    By its text alone, so that a number of any length and any exponent is exact: `20e-1` is 2, and 2.00…01 is not.
    """
    exponent = F.regexp_extract(number, "[eE](.*)", 1)
    # Of an exponent of more digits than an int has, the number is out of every range, unless it is 0.
    power = F.when(exponent == "", 0).otherwise(exponent.try_cast("int")).cast("long")
    mantissa = F.split(F.ltrim(F.get(F.split(number, "[eE]"), F.lit(0)), F.lit("-")), r"\.")
    sign = F.when(F.startswith(number, F.lit("-")), -1).otherwise(1)

    def of_significant(significant: Column, fraction: Column) -> Column:
        trimmed = F.rtrim(significant, F.lit("0"))
        last = power - F.length(fraction) + F.length(significant) - F.length(trimmed) + decimals
        is_fitting = (last >= 0) & (last + F.length(trimmed) <= digits + decimals)
        units = F.concat(trimmed, F.repeat(F.lit("0"), last.cast("int"))).cast("long") * sign
        return F.when(trimmed == "", F.lit(0).cast("long")).when(is_fitting, units)

    def of_mantissa(mantissa: Column) -> Column:
        fraction = F.coalesce(F.get(mantissa, F.lit(1)), F.lit(""))
        significant = F.ltrim(F.concat(F.get(mantissa, F.lit(0)), fraction), F.lit("0"))
        return let(significant, lambda significant: of_significant(significant, fraction))

    return let(mantissa, of_mantissa)


def let(value: Column, body: Callable[[Column], Column]) -> Column:
    """Return the body with the value in it, worked out once and out of the way of Spark's compiled code; null of null.

    For what few rows need: compiled into the code of every row, it would make that too long to be compiled at all.
    """
    # Most rows have no value: the body would be worked out for them, too, a quarter of the time of judging a line.
    return F.when(value.isNotNull(), F.get(F.transform(F.array(value), body), F.lit(0)))


def is_blank(text: Column) -> Column:
    """Is it empty, or nothing but Unicode white space? Null stays null."""
    # A first character of visible ASCII answers for nearly every text without the regular expression.
    starts_visibly = (text >= "!") & (text < "\x7f")
    return ~(starts_visibly | text.rlike(_NOT_WHITE_SPACE))


def is_uuid(text: Column) -> Column:
    """Is it a UUID, in either case? Null stays null."""
    # Byte by byte, for less than half the price of a regular expression: two ids a line were a seventh of the job.
    in_bytes = text.cast("binary")
    digits = F.concat(*(F.substring(in_bytes, first, length) for first, length in _UUID_GROUPS))
    return _all(
        F.octet_length(text) == _UUID_BYTES,
        *(F.substring(in_bytes, first - 1, 1) == F.lit(b"-") for first, _ in _UUID_GROUPS[1:]),
        F.unhex(digits.cast("string")).isNotNull(),
    )


def _is_within(text: Column, longest: int | None) -> Column:
    # No text has more code points than bytes, of which the number is known.
    return (F.octet_length(text) <= longest) | (F.char_length(text) <= longest) if longest else F.lit(True)


def _fraction(digits: tuple[int, ...]) -> str:
    lengths = "|".join(rf"\.[0-9]{{{length}}}" for length in digits if length)
    return f"(?:{lengths}){'?' if 0 in digits else ''}" if lengths else ""


def _all(*claims: Column) -> Column:
    return reduce(operator.and_, claims)
