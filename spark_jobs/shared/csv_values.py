"""The values of the fields of a CSV record, each of the type that the contract gives it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.fields import Day, Field, Integer, Time, Type
from spark_jobs.shared.field_types import is_blank, value_of_long, value_of_text

_DAY = r"\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
# How nearly every log writes a time, `2009-05-04T23:08:57Z`: what stands between the digits, by place from 1.
_SECONDS = 19


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
    return value_of_text(found, its_text)


def _whole_number(digits: Column) -> Column:
    """Return the number (long) that digits are, null of another text."""
    # Spark takes white space around a number and a sign before it, too, and neither begins or ends with a digit.
    begins, ends = (digits >= "0") & (digits < ":"), F.right(digits, F.lit(1)).between("0", "9")
    return F.when(begins & ends, digits.try_cast("long"))
