"""Days, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F


def end_of(run_date: date) -> Column:
    """Return the instant at which a day ends and the next one begins."""
    return F.lit(datetime.combine(run_date + timedelta(days=1), time(), UTC))
