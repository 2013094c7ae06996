"""Sessions by country, device and subscription of their users."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.engagement.outcomes import duration_ms, is_bounced, with_user
from spark_jobs.engagement.tables import SEGMENTS

OTHER = "other"
# A segment of fewer users is merged with others.
FEWEST_USERS = 5
_COUNTS = ("users", "sessions", "duration_ms", "bounced")


def segments(sessions: DataFrame, users: DataFrame) -> DataFrame:
    """Return a row for each segment of each of SEGMENTS: `kind`, and the columns of such a table."""
    each = F.array(*(F.struct(F.lit(kind).alias("kind"), F.col(kind).alias("segment")) for kind in SEGMENTS))
    found = _of_users(sessions, users).select(*_COUNTS, F.inline(each))
    return _merged(_summed(found)).withColumns(
        {
            "mean_duration_seconds": F.col("duration_ms") / (F.col("sessions") * 1000),
            "bounce_rate": F.col("bounced") / F.col("sessions"),
        }
    )


def _of_users(sessions: DataFrame, users: DataFrame) -> DataFrame:
    """Return _COUNTS by SEGMENTS. By user first: a user is of one segment of each kind."""
    by_user = sessions.groupBy("user_id").agg(
        F.count(F.lit(1)).alias("sessions"),
        F.sum(duration_ms()).alias("duration_ms"),
        F.count_if(is_bounced()).alias("bounced"),
    )
    known = with_user(by_user, users).withColumn("users", F.lit(1))
    return known.groupBy(*SEGMENTS).agg(*(F.sum(name).alias(name) for name in _COUNTS))


def _merged(found: DataFrame) -> DataFrame:
    """Merge segments of too few users, the smallest first, until OTHER has enough of them or nothing is left."""
    smaller = W.partitionBy("kind").orderBy("users", "segment").rowsBetween(W.unboundedPreceding, -1)
    before = F.coalesce(F.sum("users").over(smaller), F.lit(0))
    # A large one is merged where all smaller ones together are too few.
    is_other = (F.col("users") < FEWEST_USERS) | F.col("before").between(1, FEWEST_USERS - 1)
    with_before = found.withColumn("before", before)
    return _summed(with_before.withColumn("segment", F.when(is_other, F.lit(OTHER)).otherwise(F.col("segment"))))


def _summed(rows: DataFrame) -> DataFrame:
    return rows.groupBy("kind", "segment").agg(*(F.sum(name).alias(name) for name in _COUNTS))
