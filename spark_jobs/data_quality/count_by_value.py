"""Counting rows by a number, inside the pass that reads or writes them.

An observation takes aggregates but no grouping. Spark has one aggregate that counts by value: a histogram. It is exact
when it has a bin for each possible value, and costs a tenth of one `count_if` for each value.
"""

from __future__ import annotations

from collections import Counter

from pyspark.sql import Column, Row
from pyspark.sql import functions as F


def count_by_value(value: Column, values: int) -> Column:
    """Count rows by `value`, at most `values` different whole numbers from 0 to below 2^43; `read_counts` reads it."""
    # Odd numbers: `read_counts` then never rounds to the next value.
    return F.call_function("histogram_numeric", value * 2 + 1, F.lit(max(2, values)))


def read_counts(bins: list[Row] | None) -> Counter[int]:
    """Count rows by value, from what `count_by_value` observed."""
    counts: Counter[int] = Counter()
    for middle, rows in bins or []:
        # Spark merges the bins of two tasks by averaging their middles in floating point, then cuts to a whole number.
        counts[middle // 2] += int(rows)
    return counts
