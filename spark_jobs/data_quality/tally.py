"""Counting rows by a number, inside the pass that reads or writes them.

An observation takes aggregates but no grouping. The one count by value among Spark's aggregates is a histogram with a
bin for each value there can be: it is exact then, and a tenth of the price of one `count_if` for each value.
"""

from __future__ import annotations

from collections import Counter

from pyspark.sql import Column, Row
from pyspark.sql import functions as F


def tally(value: Column, values: int) -> Column:
    """An aggregate for `read_tally`: how many rows have each of at most so many whole numbers, from 0 to below 2^43."""
    # Odd, so that what `read_tally` rounds is never near the next value.
    return F.call_function("histogram_numeric", value * 2 + 1, F.lit(max(2, values)))


def read_tally(bins: list[Row] | None) -> Counter[int]:
    """Count rows by value, from what `tally` observed."""
    counts: Counter[int] = Counter()
    for middle, rows in bins or []:
        # Bins of two tasks merge by averaging their middles, in floating point and then cut to a whole number.
        counts[middle // 2] += int(rows)
    return counts
