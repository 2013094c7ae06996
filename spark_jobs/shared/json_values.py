"""The values of the fields of a JSON object, each of the type that the contract gives it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.fields import Field, Integer, Items, Money
from spark_jobs.shared.field_types import is_blank, value_of_long, value_of_number, value_of_text
from spark_jobs.shared.json_lines import STRICT, TEXT, marked_schema, number_of, text_of


def with_values(objects: DataFrame, fields: tuple[Field, ...]) -> DataFrame:
    """Add the columns of the fields, null where the object lacks the field or it is invalid.

    Takes `usual` and `exact` of `read_objects`. Adds `has_<column>` (boolean: there is something but null and blanks),
    `text_of_<column>` (string: as the line gives it) and, of sensitive fields, `valid_<column>` (boolean: that is a
    value), too.
    """
    lists = {f"list_of_{field.column}": (field, field.type.fields) for field in fields if isinstance(field.type, Items)}
    read = objects.withColumns({f"text_of_{field.column}": _text(field) for field in fields})
    # Spark Connect takes no empty list of columns.
    if lists:
        parsed = {name: _parsed_list(_exact(field), inner) for name, (field, inner) in lists.items()}
        items = {name: _read_list(F.col(name), inner) for name, (_, inner) in lists.items()}
        read = read.withColumns(parsed).withColumns(items)
    valued = read.withColumns({field.column: _value(field) for field in fields})
    are_there = {f"has_{field.column}": _is_there(field) for field in fields}
    are_valid = {f"valid_{field.column}": F.col(field.column).isNotNull() for field in fields if field.sensitive}
    return valued.withColumns(are_there | are_valid)


def has(field: Field) -> Column:
    """Return whether a record has something for a field, valid or not; never null."""
    return F.col(f"has_{field.column}")


def is_valid(field: Field) -> Column:
    """Return whether a record has a value for a field; never null."""
    return F.col(f"valid_{field.column}") if field.sensitive else F.col(field.column).isNotNull()


def text_in_line(field: Field) -> Column:
    """Return the text of a field as the line gives it, null if that is no text."""
    return F.col(f"text_of_{field.column}")


def _usual(field: Field) -> Column:
    return F.col("usual")[field.name]


def _exact(field: Field) -> Column:
    return F.col("exact")[TEXT + field.name]


def _text(field: Field) -> Column:
    exact = text_of(_exact(field))
    return exact if isinstance(field.type, Integer | Items | Money) else F.coalesce(_usual(field), exact)


def _value(field: Field) -> Column:
    match field.type:
        case Integer():
            of_number = value_of_number(field.type, number_of(_exact(field)))
            return F.coalesce(value_of_long(field.type, _usual(field)), of_number)
        case Money():
            return _value_of(field, _exact(field))
        case Items(fields=fields, fewest=fewest, most=most):
            items = F.col(f"list_of_{field.column}")
            are_whole = F.forall(items, lambda item: ~F.array_contains(_are_null(item, fields), True))
            return F.when(F.size(items).between(fewest, most) & are_whole, items)
    return value_of_text(field.type, text_in_line(field))


def _are_null(item: Column, fields: tuple[Field, ...]) -> Column:
    return F.array(*(item[field.column].isNull() for field in fields))


def _value_of(field: Field, exact: Column) -> Column:
    """Return the value of a marked text."""
    match field.type:
        case Integer():
            return value_of_number(field.type, number_of(exact))
        case Money():
            of_text = value_of_text(field.type, text_of(exact))
            return F.coalesce(of_text, value_of_number(field.type, number_of(exact)))
    return value_of_text(field.type, text_of(exact))


def _is_there(field: Field) -> Column:
    # A value answers for nearly every record, and nothing more is worked out.
    is_usual_number = _usual(field).isNotNull() if isinstance(field.type, Integer) else F.lit(False)
    is_other = F.coalesce(~F.startswith(_exact(field), F.lit(TEXT)), F.lit(False))
    is_text = F.coalesce(~is_blank(text_in_line(field)), F.lit(False))
    return F.col(field.column).isNotNull() | is_usual_number | is_other | is_text


def _parsed_list(exact: Column, fields: tuple[Field, ...]) -> Column:
    """Return the objects in a list, as marked texts by field; null unless it is a list of nothing but objects."""
    is_list = F.startswith(exact, F.lit("["))
    return F.from_json(F.when(is_list, exact), T.ArrayType(marked_schema(fields)), STRICT)


def _read_list(items: Column, fields: tuple[Field, ...]) -> Column:
    def values(item: Column) -> Column:
        return F.struct(*(_value_of(one, item[TEXT + one.name]).alias(one.column) for one in fields))

    return F.transform(items, values)
