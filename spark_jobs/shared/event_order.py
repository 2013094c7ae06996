"""The order of a user's events at one time, as the contract states it."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.contract import Records
from spark_jobs.fields import Choice


def order_of(records: Records) -> list[Column]:
    """Return what orders records of one time, named `order_1` and so on: a value of a `Choice` by its place there."""
    return [place.alias(f"order_{number}") for number, place in enumerate(places(records, records.order), 1)]


def places(records: Records, columns: Sequence[str]) -> list[Column]:
    """Return what records are ordered by, for the order of these columns."""
    choices = {one.column: one.type.values for one in records.fields if isinstance(one.type, Choice)}
    return [
        F.array_position(F.lit(list(choices[column])), F.col(column)) if column in choices else F.col(column)
        for column in columns
    ]
