"""The expectations that the suites are made of."""

from __future__ import annotations

from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.metadata_types import FailureSeverity
from pyspark.sql import types as T

CRITICAL, WARNING, INFO = FailureSeverity.CRITICAL, FailureSeverity.WARNING, FailureSeverity.INFO


def has_schema(schema: T.StructType) -> list[gxe.Expectation]:
    """A table has the columns of a schema, in its order, with its types."""
    types = [
        gxe.ExpectColumnValuesToBeOfType(
            column=field.name,
            type_=type(field.dataType).__name__,
            description=f"{field.name} is a {type(field.dataType).__name__}",
        )
        for field in schema.fields
    ]
    names = schema.fieldNames()
    columns = gxe.ExpectTableColumnsToMatchOrderedList(column_list=names, description=f"columns: {', '.join(names)}")
    return [columns, *types]


def never_null(*columns: str) -> list[gxe.Expectation]:
    """Each of these columns has a value in every row."""
    return [
        gxe.ExpectColumnValuesToNotBeNull(column=column, description=f"{column} is never null") for column in columns
    ]


def at_least(column: str, value: float, claim: str, severity: FailureSeverity = CRITICAL) -> Any:
    """No value of a column is below this one."""
    return gxe.ExpectColumnMinToBeBetween(column=column, min_value=value, severity=severity, description=claim)


def at_most(column: str, value: float, claim: str, severity: FailureSeverity = CRITICAL) -> Any:
    """No value of a column is above this one."""
    return gxe.ExpectColumnMaxToBeBetween(column=column, max_value=value, severity=severity, description=claim)
