"""The rules of a listen, by the names that its contract has for them."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.logs.listening.contract import LISTENS, PLAUSIBLE
from spark_jobs.logs.listening.parsing import parse_lines
from spark_jobs.shared.field_types import is_blank
from spark_jobs.shared.rules import Rules, WrittenLine


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


def written_line() -> Column:
    """Return the line that a listen's columns give."""
    ids = {name: F.coalesce(name, F.lit("")) for name in ("artist_id", "track_id")}
    time = F.date_format("listened_at", "yyyy-MM-dd'T'HH:mm:ss'Z'")
    return F.concat_ws("\t", "user_id", time, ids["artist_id"], "artist_name", ids["track_id"], "track_name")


def is_written_line() -> Column:
    """Is a listen's line the one that `written_line` makes of it?"""
    # That has no CR, writes the time in UTC, for a leap second the one after it, and has no id that is no UUID.
    in_utc = F.endswith("timestamp", F.lit("Z")) & ~F.endswith("timestamp", F.lit("60Z"))
    names = LISTENS.warning_names
    malformed = (2 ** names.index("malformed_artist_id")) | (2 ** names.index("malformed_track_id"))
    return in_utc & ~F.endswith("line", F.lit("\r")) & (F.col("warnings").bitwiseAND(F.lit(malformed)) == 0)


RULES = {LISTENS.name: Rules(parse_lines, reasons, warnings, WrittenLine(written_line, is_written_line))}
