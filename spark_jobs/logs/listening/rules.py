"""The rules of a listen, by the names that its contract has for them."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.logs.listening.contract import LISTENS, PLAUSIBLE
from spark_jobs.logs.listening.parsing import is_blank


def reasons(run_date: date) -> dict[str, Column]:
    """Return when a parsed line (see `parse_lines`) is rejected for each reason; null is no.

    Not `duplicate`, which cannot be seen on one line.
    """
    listened_at = F.col("listened_at")
    return {
        "invalid_encoding": ~F.is_valid_utf8("line"),
        "field_count": F.col("field_count") != len(LISTENS.fields),
        "missing_user_id": is_blank(F.col("user_id")),
        "missing_timestamp": F.col("timestamp") == "",
        "invalid_timestamp": listened_at.isNull(),
        "implausible_timestamp": (listened_at < F.lit(PLAUSIBLE.since))
        | (listened_at >= F.lit(PLAUSIBLE.before(run_date))),
        "missing_artist_name": is_blank(F.col("artist_name")),
        "missing_track_name": is_blank(F.col("track_name")),
    }


def warnings() -> dict[str, Column]:
    """Return when a listen is counted for each warning; never null."""
    return {
        "missing_artist_id": F.col("artist_id").isNull() & ~F.col("malformed_artist_id"),
        "missing_track_id": F.col("track_id").isNull() & ~F.col("malformed_track_id"),
        "malformed_artist_id": F.col("malformed_artist_id"),
        "malformed_track_id": F.col("malformed_track_id"),
    }
