"""The values of the fields of a CSV record, each of the type that the contract gives it."""

from __future__ import annotations

import operator
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.fields import Day, Field, Integer, Time, Type
from spark_jobs.shared.field_types import is_blank, value_of_long, value_of_text

_DAY = r"\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
# A time up to its seconds, `2009-05-04T23:08:57`: what stands between the digits, by byte counted from 1.
_SECONDS, _SEPARATORS = 19, {5: b"-", 8: b"-", 11: b"T", 14: b":", 17: b":"}


def with_values(records: DataFrame, fields: tuple[Field, ...]) -> DataFrame:
    """Add the columns of the fields, null where a record has no value of the type, and `text_of_<column>` (string).

    Takes `values` (array of strings) and `columns` (struct, see csv_headers.Columns). All is null where the record has
    fewer values than places.
    """
    texts = {
        f"text_of_{field.column}": F.get("values", F.get("columns.places", F.lit(place)))
        for place, field in enumerate(fields)
    }
    return records.withColumns(texts).withColumns({field.column: _value(field.type, text(field)) for field in fields})


def text(field: Field) -> Column:
    """Return the text that a record has for a field, null where there is none."""
    return F.col(f"text_of_{field.column}")


def has(field: Field) -> Column:
    """Return whether a record has something for a field, valid or not; never null."""
    # A value answers for nearly every record.
    return F.col(field.column).isNotNull() | F.coalesce(~is_blank(text(field)), F.lit(False))


def is_canonical(field: Field) -> Column:
    """Return whether `written` gives the text of a valid value; null stands for no."""
    value, its_text = F.col(field.column), text(field)
    match field.type:
        case Time():
            has_fraction = (F.octet_length(its_text) == _SECONDS + 5) & ~F.endswith(its_text, F.lit(".000Z"))
            return F.endswith(its_text, F.lit("Z")) & ((F.octet_length(its_text) == _SECONDS + 1) | has_fraction)
        case Integer():
            return value.isNull() & (its_text == "") | (its_text == "0") | ~F.startswith(its_text, F.lit("0"))
    return value.isNotNull() | (its_text == "")


def written(field: Field) -> Column:
    """Return the text of a value; empty where there is none."""
    value = F.col(field.column)
    if isinstance(field.type, Time):
        to_seconds = F.date_format(value, "yyyy-MM-dd'T'HH:mm:ss'Z'")
        to_milliseconds = F.date_format(value, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
        value = F.when(F.date_trunc("second", value) == value, to_seconds).otherwise(to_milliseconds)
    return F.coalesce(value.cast("string"), F.lit(""))


def _value(found: Type, its_text: Column) -> Column:
    match found:
        case Integer():
            return value_of_long(found, _whole_number(its_text))
        case Day():
            return F.when(its_text.rlike(_DAY), its_text.try_cast("date"))
        case Time(fraction_digits=lengths, leap_seconds=False):
            # How nearly every log writes a time costs a quarter of any other form.
            usual = [_usual_time(its_text, digits) for digits in lengths]
            return F.coalesce(*usual, value_of_text(found, its_text))
    return value_of_text(found, its_text)


def _usual_time(its_text: Column, digits: int) -> Column:
    """Read a time that ends with Z and has so many digits of a second's fraction; null if it is none."""
    length, in_bytes = _SECONDS + (digits + 1 if digits else 0), its_text.cast("binary")
    separators = _SEPARATORS | ({_SECONDS + 1: b"."} if digits else {}) | {length + 1: b"Z"}
    # Spark would read white space, a zone or a fraction there. Anywhere else it takes two digits, in a year four.
    digit_places = [_SECONDS - 1, _SECONDS, *range(_SECONDS + 2, length + 1)]
    claims = [
        F.octet_length(its_text) == length + 1,
        *(F.substring(in_bytes, place, 1) == F.lit(separator) for place, separator in separators.items()),
        *(F.substring(in_bytes, place, 1).between(F.lit(b"0"), F.lit(b"9")) for place in digit_places),
        F.substring(in_bytes, 1, 4) != F.lit(b"0000"),
    ]
    # Without its Z, for Spark looks each zone up anew; the session's is UTC.
    without_zone = F.substring(in_bytes, 1, length).cast("string")
    return F.when(reduce(operator.and_, claims), without_zone.try_cast("timestamp"))


def _whole_number(digits: Column) -> Column:
    """Return the number (long) that digits are, null of another text."""
    # Spark takes white space around a number and a sign before it, too, and neither begins or ends with a digit.
    begins, ends = (digits >= "0") & (digits < ":"), F.right(digits, F.lit(1)).between("0", "9")
    return F.when(begins & ends, digits.try_cast("long"))
