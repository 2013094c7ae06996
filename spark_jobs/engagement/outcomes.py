"""Sessions with what is known of their users."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.engagement.tables import SEGMENTS

UNKNOWN = "unknown"


def session_outcomes(sessions: DataFrame, users: DataFrame) -> DataFrame:
    """Return one row a session, as SESSION_OUTCOMES has it. The users must fit into the memory of each executor."""
    # The sessions stay where they are: a shuffle would bring those of a very busy user into one task.
    return with_user(sessions, F.broadcast(users)).withColumn("is_bounced", is_bounced())


def with_user(rows: DataFrame, users: DataFrame) -> DataFrame:
    """Add the columns of SEGMENTS to rows of users; they are UNKNOWN of a user of whom there is no record."""
    # There is one record of a user, so the join repeats no row.
    found = rows.join(users.select("user_id", *SEGMENTS), on="user_id", how="left")
    return found.withColumns({name: F.coalesce(name, F.lit(UNKNOWN)) for name in SEGMENTS})


def is_bounced() -> Column:
    """Say whether a session is a single interaction."""
    return F.col("interaction_count") == 1


def duration_ms() -> Column:
    """Return how long a session lasts (long); one without a known duration counts as 0."""
    # Whole milliseconds add up to the same sum in any order.
    return F.coalesce(F.round(F.col("duration_seconds") * 1000).cast("long"), F.lit(0))
