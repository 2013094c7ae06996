"""Days, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_DAY = timedelta(days=1) // timedelta(microseconds=1)


def day_of(moment: str) -> Column:
    """Return the day (date) of a column of timestamps since 1970."""
    # to_date takes each timestamp into the session's zone: of 20 million that takes seconds.
    return F.date_from_unix_date(F.call_function("div", F.unix_micros(moment), F.lit(_DAY)).cast("int"))


def start_of(day: date) -> Column:
    """Return the instant at which a day begins."""
    return F.lit(datetime.combine(day, time(), UTC))


def monday_of(day: str) -> Column:
    """Return the Monday (date) of the week of a column of dates."""
    return F.trunc(day, "week")


def calendar(dates: DataFrame, run_date: date) -> DataFrame:
    """Return every day from the first `date` to the run date: `date`, and `first`, the same in all rows.

    No dates have no days.
    """
    first = dates.agg(F.min("date").alias("first"))
    return first.select("first", F.explode(F.sequence("first", F.lit(run_date))).alias("date"))
