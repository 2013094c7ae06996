"""What becomes of every line: it is judged once, and is a listen or a rejected line."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contract import DUPLICATE
from spark_jobs.data_quality.count_by_value import count_by_value, read_counts
from spark_jobs.data_quality.rules import rejection_reason, warning_bits
from spark_jobs.logs.listening import rules
from spark_jobs.logs.listening.contract import LISTENS
from spark_jobs.logs.listening.parsing import parse_lines
from spark_jobs.shared import schemas
from spark_jobs.shared.schemas import conform

KEPT = "kept"
# What a line can become; its number is its place here.
_OUTCOMES = (KEPT, *LISTENS.reason_names)
# The warnings of a listen are the bits of a number.
_BITS = len(LISTENS.warning_names)


# What is counted by, and of no use after that.
COUNTED_BY = ("warnings", "outcome_number", "file_number")


def classify_lines(lines: DataFrame, run_date: date) -> DataFrame:
    """Turn each line into a listen, or into a rejected line with its `reason`.

    Takes `line` (string), `file_id` (int) and `part_start` (long). Returns the listen's six columns, `warnings`,
    `line`, `file_id`, `part_start` and `reason`. For a listen `line` is null if its fields give the line back to the
    byte: most do, and the shuffle is spared their text. A rejected line has its text in `user_id`, which spreads
    rejected lines over the buckets, and nulls for the other columns of a listen.
    """
    reason, bits = rejection_reason(LISTENS, rules.reasons(run_date)), warning_bits(LISTENS, rules.warnings())
    parsed = parse_lines(lines).withColumns({"reason": reason, "warnings": bits})
    is_listen = F.col("reason").isNull()
    listen = {column: F.when(is_listen, F.col(column)) for column in schemas.LISTENS.fieldNames()[1:]}
    return parsed.select(
        F.when(is_listen, F.col("user_id")).otherwise(F.col("line")).alias("user_id"),
        *(value.alias(column) for column, value in listen.items()),
        "warnings",
        F.when(is_listen & ~_gives_line_back(), F.col("line")).alias("line"),
        "file_id",
        "part_start",
        "reason",
    )


def number_outcomes(judged: DataFrame) -> DataFrame:
    """Add what `outcome_counts` counts by: `outcome_number` and `file_number` (int)."""
    of_reason = (F.when(F.col("reason") == name, _OUTCOMES.index(name)) for name in LISTENS.reason_names)
    number = F.coalesce(*of_reason, F.lit(0))
    # A duplicate has its warnings too: nobody asks for them.
    return judged.withColumns(
        {
            "outcome_number": (number * 2**_BITS + F.col("warnings")).cast("long"),
            "file_number": F.col("file_id") * 2 + F.col("reason").isNull().cast("int"),
        }
    )


def outcome_counts(files: int) -> list[Column]:
    """Aggregates over the outcome of every line, for `read_outcome_counts`: outcomes, files and times.

    Over columns as they stand: what an observation aggregates is interpreted row by row, not compiled.
    """
    return [
        count_by_value(F.col("outcome_number"), len(_OUTCOMES) * 2**_BITS).alias("outcomes"),
        count_by_value(F.col("file_number"), 2 * files).alias("files"),
        # As text: a collected timestamp would come back in the driver's own time zone.
        _iso_8601(F.min("listened_at")).alias("first_listened_at"),
        _iso_8601(F.max("listened_at")).alias("last_listened_at"),
    ]


def read_outcome_counts(observed: dict[str, Any]) -> dict[str, int]:
    """How many lines were kept, were rejected for each reason, and were kept with each warning."""
    counts = dict.fromkeys((*_OUTCOMES, *LISTENS.warning_names), 0)
    for value, lines in read_counts(observed["outcomes"]).items():
        outcome = _OUTCOMES[value >> _BITS]
        counts[outcome] += lines
        for bit, warning in enumerate(LISTENS.warning_names):
            counts[warning] += lines if outcome == KEPT and value >> bit & 1 else 0
    return counts


def read_file_counts(observed: dict[str, Any]) -> tuple[Counter[int], Counter[int]]:
    """How many lines of each file were kept, and how many rejected, by file id."""
    kept: Counter[int] = Counter()
    rejected: Counter[int] = Counter()
    for value, lines in read_counts(observed["files"]).items():
        (kept if value & 1 else rejected)[value >> 1] += lines
    return kept, rejected


def listens(judged: DataFrame) -> DataFrame:
    """The lines that were kept, as listens."""
    return conform(judged.where(F.col("reason").isNull()), schemas.LISTENS)


def rejected_records(judged: DataFrame, files: DataFrame) -> DataFrame:
    """The lines that were rejected.

    `files` has one row a file of the input: `file` (string) and `file_id` (int).
    """
    of_duplicate = F.coalesce("line", _line_of_listen())
    line = F.when(F.col("reason") == DUPLICATE, of_duplicate).otherwise(F.col("user_id"))
    rejected = judged.where(F.col("reason").isNotNull()).withColumn("line", line.cast("binary"))
    # Left, so that no line is lost; the key is unique on the right: one row a file.
    named = rejected.join(F.broadcast(files), on="file_id", how="left")
    # A few files for each reason, and not one for each bucket of listens.
    return conform(named, schemas.REJECTED_RECORDS).hint("rebalance", "reason")


def _gives_line_back() -> Column:
    """Is a listen's line the one that `_line_of_listen` makes of it?"""
    # That has no CR, writes the time in UTC, for a leap second the one after it, and has no id that is no UUID.
    in_utc = F.endswith("timestamp", F.lit("Z")) & ~F.endswith("timestamp", F.lit("60Z"))
    names = LISTENS.warning_names
    malformed = (2 ** names.index("malformed_artist_id")) | (2 ** names.index("malformed_track_id"))
    return in_utc & ~F.endswith("line", F.lit("\r")) & (F.col("warnings").bitwiseAND(F.lit(malformed)) == 0)


def _line_of_listen() -> Column:
    ids = {name: F.coalesce(name, F.lit("")) for name in ("artist_id", "track_id")}
    return F.concat_ws(
        "\t", "user_id", _iso_8601("listened_at"), ids["artist_id"], "artist_name", ids["track_id"], "track_name"
    )


def _iso_8601(instant: Column | str) -> Column:
    return F.date_format(instant, "yyyy-MM-dd'T'HH:mm:ss'Z'")
