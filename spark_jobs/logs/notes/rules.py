"""The rules of the notes' records, by the kind and the names that their contract has for them."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.logs.notes.across import flag_across
from spark_jobs.logs.notes.contract import CSV, INTERACTIONS, PAGE_VIEW, USERS
from spark_jobs.shared.csv_rules import csv_rules

_EIGHT_HOURS = 8 * 3_600_000


def interaction_faults() -> dict[str, Column]:
    """Return when a field of an interaction is invalid whatever it says: only a page view loads a page."""
    return {"invalid_load_ms": F.col("load_ms").isNotNull() & (F.col("action_type") != PAGE_VIEW)}


def interaction_warnings() -> dict[str, Column]:
    """Return when an interaction is counted for each warning that it shows by itself; never null."""
    return {"longer_than_8_hours": F.coalesce(F.col("duration_ms") > _EIGHT_HOURS, F.lit(False))}


RULES = {
    INTERACTIONS.name: csv_rules(INTERACTIONS, CSV, interaction_faults, interaction_warnings),
    USERS.name: csv_rules(USERS, CSV),
}

__all__ = ["RULES", "flag_across"]
