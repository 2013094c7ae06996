"""Counting rows by a number, inside the pass that reads or writes them.

An observation takes aggregates but no grouping. Spark has one aggregate that counts by value: a histogram. It is exact
when it has a bin for each possible value, and costs a tenth of one `count_if` for each value.
"""

from __future__ import annotations

from collections import Counter

from pyspark.sql import Column, Row
from pyspark.sql import functions as F


def countable(value: Column) -> Column:
    """Return a whole number from 0 to below 2^43 as `count_by_value` takes it.

    As a column of its own, Spark works it out in compiled code; what an observation aggregates it interprets.
    """
    # Odd numbers: `read_counts` then never rounds to the next value.
    return value * 2 + 1


def count_by_value(number: Column, values: int) -> Column:
    """Count rows by a `countable` number of at most `values` different values; `read_counts` reads it."""
    return F.call_function("histogram_numeric", number, F.lit(max(2, values)))


def read_counts(bins: list[Row] | None) -> Counter[int]:
    """Count rows by value, from what `count_by_value` observed."""
    counts: Counter[int] = Counter()
    for middle, rows in bins or []:
        # Spark merges the bins of two tasks by averaging their middles in floating point, then cuts to a whole number.
        counts[middle // 2] += int(rows)
    return counts
