"""Which records are rejected and why, by any contract: the first of its reasons that applies."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.contract import Records


def rejection_reason(records: Records, conditions: Mapping[str, Column]) -> Column:
    """Return the first reason of the contract whose condition holds, null where none does.

    `conditions` has one for every reason that a record shows by itself; duplicates.py finds the others.
    """
    return F.coalesce(*(F.when(conditions[name], name) for name in records.own_reasons))


def warning_bits(records: Records, conditions: Mapping[str, Column]) -> Column:
    """Return what a record is warned of (int): a bit for each warning that it shows by itself, the first the lowest."""
    bits = F.lit(0)
    for position, name in enumerate(records.own_warnings):
        bits += F.when(conditions[name], 2**position).otherwise(0)
    return bits
