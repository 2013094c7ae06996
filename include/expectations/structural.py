"""What a contract alone says of the accepted records: columns, nulls, values, plausible times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.row_conditions import Column

from include.expectations.claims import has_schema, never_null
from spark_jobs.contract import Records
from spark_jobs.fields import Choice, Day, Field, Integer, Money, Text, Type, Url, Uuid
from spark_jobs.shared.spark_schema import spark_schema

UUID_CHARACTERS = 36


def accepted(records: Records, run_date: date, count: int) -> list[gxe.Expectation]:
    """Return what holds for the accepted records of one kind; there are `count` of them."""
    return [
        *has_schema(spark_schema(records)),
        *never_null(*records.always_known),
        *_null_only_on_other_types(records),
        *chain.from_iterable(map(_values, records.fields)),
        *_plausible_times(records, run_date),
        gxe.ExpectTableRowCountToEqual(value=count, description="every accepted record is there"),
    ]


def _null_only_on_other_types(records: Records) -> Iterator[gxe.Expectation]:
    for one in records.fields:
        # What is sensitive is kept as a hash, and not at all without a masking key.
        if isinstance(one.required, tuple) and not one.sensitive:
            yield gxe.ExpectColumnValuesToNotBeNull(
                column=one.column,
                row_condition=Column(records.named(records.type_field).column).is_in(one.required),
                description=f"{one.column} is not null on {' and '.join(one.required)}",
            )


def _values(field: Field) -> Iterator[gxe.Expectation]:
    """Yield what holds for the values of a field that are not null: nothing where any value of its type will do."""
    # What is sensitive is kept as a hash.
    for expectation, arguments in () if field.sensitive else _claims(field.type):
        said = {"description": f"{field.column} is {field.type.words}"} | arguments
        yield expectation(column=field.column, **said)


def _claims(kind: Type) -> Iterator[tuple[Any, dict[str, Any]]]:
    match kind:
        case Text() | Url():
            if kind.longest:
                yield gxe.ExpectColumnValueLengthsToBeBetween, {"min_value": 1, "max_value": kind.longest}
            if isinstance(kind, Text) and kind.pattern:
                # Of the whole value: `$` would let a last line end pass.
                yield gxe.ExpectColumnValuesToMatchRegex, {"regex": rf"\A(?:{kind.pattern})\z"}
        case Choice(values=values):
            yield gxe.ExpectColumnValuesToBeInSet, {"value_set": list(values)}
        case Uuid():
            # Its length alone: a regular expression is dear where there are millions.
            yield gxe.ExpectColumnValueLengthsToEqual, {"value": UUID_CHARACTERS}
        case Integer(lowest=lowest, highest=highest):
            yield gxe.ExpectColumnValuesToBeBetween, {"min_value": lowest, "max_value": highest}
        case Money(digits=digits):
            within = {"min_value": 0, "max_value": 10**digits, "strict_max": True}
            yield gxe.ExpectColumnValuesToBeBetween, within


def _plausible_times(records: Records, run_date: date) -> Iterator[gxe.Expectation]:
    if records.plausible is None:
        return
    since, before = records.plausible.since, records.plausible.before(run_date)
    is_day = any(one.column == records.time and isinstance(one.type, Day) for one in records.fields)
    yield gxe.ExpectColumnValuesToBeBetween(
        column=records.time,
        min_value=since if is_day else _midnight(since),
        max_value=before if is_day else _midnight(before),
        strict_max=True,
        description=f"{records.time} is from {since} on and before {before}",
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
