"""The warnings of the notes that a record shows only beside others."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def flag_across(accepted: Mapping[str, DataFrame]) -> dict[str, dict[str, DataFrame]]:
    """Return how many `records` others show a warning of, by kind and warning.

    `accepted` are the accepted records of each kind, as their contract has them.
    """
    by_day = (
        accepted["interactions"]
        .groupBy("user_id", F.to_date("occurred_at").alias("day"))
        .agg(F.count(F.lit(1)).alias("records"))
    )
    # The key is unique on the right: a user has one accepted record.
    joined = by_day.join(accepted["users"].select("user_id", "join_date"), on="user_id", how="left")
    of_interactions = {
        "unknown_user": joined.where(F.col("join_date").isNull()).select("records"),
        "before_join_date": joined.where(F.col("day") < F.col("join_date")).select("records"),
    }
    return {"interactions": of_interactions, "users": {}}
