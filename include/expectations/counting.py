"""Count, in one pass over a table, how much of what its suite expects is unmet; Great Expectations judges the counts.

By itself it passes over the rows once for each step of its plan, and plans for a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import great_expectations.expectations as gxe
import pandas as pd
from great_expectations import ExpectationSuite
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import ComparisonCondition, Operator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from include.expectations.claims import at_most
from include.expectations.table import Table


def counted(rows: DataFrame, suite: ExpectationSuite) -> Table | None:
    """Return one row of counts: for each expectation how much is unmet, which is to be 0. Runs Spark, once.

    Return None where only Great Expectations can tell: the columns differ, or there is no count for an expectation.
    """
    if not all(_can_be_counted(one) and _fits(one, rows) for one in suite.expectations):
        return None
    names = [f"{number}: {one.description}" for number, one in enumerate(suite.expectations)]
    counts = [_UNMET[type(one)](one).alias(name) for name, one in zip(names, suite.expectations, strict=True)]
    (row,) = rows.agg(*counts).collect()
    claims = [
        at_most(name, 0, str(one.description), FailureSeverity(one.severity))
        for name, one in zip(names, suite.expectations, strict=True)
    ]
    return Table(pd.DataFrame([tuple(row)], columns=names), ExpectationSuite(suite.name, expectations=claims))


def _can_be_counted(one: Any) -> bool:
    condition = getattr(one, "row_condition", None)
    is_of_known_rows = condition is None or (_is_in_list(condition) and type(one) in _OF_SOME_ROWS)
    return type(one) in _UNMET and is_of_known_rows and getattr(one, "mostly", 1) == 1


def _is_in_list(condition: Any) -> bool:
    return isinstance(condition, ComparisonCondition) and condition.operator == Operator.IN


def _is_meant(one: Any) -> Column:
    """Return whether a row is one of those that an expectation is for."""
    condition = one.row_condition
    return F.col(condition.column.name).isin(condition.parameter) if condition else F.lit(True)


def _fits(one: Any, rows: DataFrame) -> bool:
    """Return whether the rows have the columns that an expectation names, if it is one of columns."""
    types = {field.name: type(field.dataType).__name__ for field in rows.schema.fields}
    match one:
        case gxe.ExpectTableColumnsToMatchOrderedList():
            return list(types) == one.column_list
        case gxe.ExpectColumnValuesToBeOfType():
            return types.get(one.column) == one.type_
    return True


def _within(value: Column, one: Any) -> Column:
    is_within = F.lit(True)
    if one.min_value is not None:
        is_within &= value > F.lit(one.min_value) if one.strict_min else value >= F.lit(one.min_value)
    if one.max_value is not None:
        is_within &= value < F.lit(one.max_value) if one.strict_max else value <= F.lit(one.max_value)
    return is_within


def _one_unless(is_met: Column) -> Column:
    # Of no row there is no minimum and no sum, and neither is met.
    return F.when(is_met, 0).otherwise(1)


# An aggregate that is 0 where an expectation is met. As Great Expectations has it, a null is in any range.
_UNMET: dict[type, Callable[[Any], Column]] = {
    gxe.ExpectTableColumnsToMatchOrderedList: lambda _: F.lit(0),
    gxe.ExpectColumnValuesToBeOfType: lambda _: F.lit(0),
    gxe.ExpectTableRowCountToEqual: lambda one: F.abs(F.count(F.lit(1)) - one.value),
    gxe.ExpectTableRowCountToBeBetween: lambda one: _one_unless(_within(F.count(F.lit(1)), one)),
    gxe.ExpectColumnMinToBeBetween: lambda one: _one_unless(_within(F.min(one.column), one)),
    gxe.ExpectColumnSumToBeBetween: lambda one: _one_unless(_within(F.sum(one.column), one)),
    gxe.ExpectColumnValuesToNotBeNull: lambda one: F.count_if(_is_meant(one) & F.isnull(one.column)),
    gxe.ExpectColumnValuesToBeUnique: lambda one: F.count(one.column) - F.count_distinct(one.column),
    gxe.ExpectColumnValuesToBeBetween: lambda one: F.count_if(~_within(F.col(one.column), one)),
    gxe.ExpectColumnValueLengthsToBeBetween: lambda one: F.count_if(~_within(F.length(one.column), one)),
    gxe.ExpectColumnValueLengthsToEqual: lambda one: F.count_if(F.length(one.column) != one.value),
    gxe.ExpectColumnValuesToMatchRegex: lambda one: F.count_if(~F.col(one.column).rlike(one.regex)),
    gxe.ExpectColumnValuesToBeInSet: lambda one: F.count_if(~F.col(one.column).isin(list(one.value_set))),
}
# Those that may be for the rows with one of some values, only.
_OF_SOME_ROWS = {gxe.ExpectColumnValuesToNotBeNull}
