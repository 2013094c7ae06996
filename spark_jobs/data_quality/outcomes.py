"""Listens and rejected lines through one write.

Reading the log once means writing once, and one write has one schema. So a rejected line travels in two
columns of a listen until it is published under its own schema; the table is partitioned by `outcome`, and
the files of the outcome `kept` hold listens and nothing else.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.data_quality.lines import FIELDS, parse_lines
from spark_jobs.data_quality.rules import REASONS, WARNINGS, rejection_reason
from spark_jobs.shared import schemas
from spark_jobs.shared.schemas import conform

KEPT = "kept"
OUTCOMES = T.StructType([*schemas.LISTENS.fields, T.StructField("outcome", T.StringType())])


def classify_lines(lines: DataFrame, run_date: date) -> DataFrame:
    """Turn each line into a listen, or into a rejected line with its `reason`.

    Takes `line` (string) and `file_id` (long). Returns the listen's six columns, the two `malformed_` flags,
    `line`, `file_id` and `reason`. For a listen `line` is null if its fields give the line back to the byte:
    most do, and the shuffle is spared their text. A rejected line has its text in `user_id` too, which
    spreads rejected lines over the buckets, and nulls for the other columns of a listen.
    """
    parsed = parse_lines(lines).withColumn("reason", rejection_reason(run_date))
    is_listen = F.col("reason").isNull()
    listen = {column: F.when(is_listen, F.col(column)) for column in schemas.LISTENS.fieldNames()[1:]}
    return parsed.select(
        F.when(is_listen, F.col("user_id")).otherwise(F.col("line")).alias("user_id"),
        *(value.alias(column) for column, value in listen.items()),
        "malformed_artist_id",
        "malformed_track_id",
        F.when(~is_listen | (F.col("line") != _line_of_fields()), F.col("line")).alias("line"),
        "file_id",
        "reason",
    )


def outcome_counts() -> list[Column]:
    """Aggregates over the outcome of every line: one a reason and one a warning, the listens and their spread."""
    is_listen = F.col("reason").isNull()
    warnings = {
        "missing_artist_id": F.col("artist_id").isNull() & ~F.col("malformed_artist_id"),
        "missing_track_id": F.col("track_id").isNull() & ~F.col("malformed_track_id"),
        "malformed_artist_id": F.col("malformed_artist_id"),
        "malformed_track_id": F.col("malformed_track_id"),
    }
    return [
        F.count_if(is_listen).alias(KEPT),
        *(F.count_if(F.col("reason") == reason).alias(reason) for reason in REASONS),
        *(F.count_if(is_listen & warnings[warning]).alias(warning) for warning in WARNINGS),
        # As text: a collected timestamp would come back in the driver's own time zone.
        _iso_8601(F.min("listened_at")).alias("first_listened_at"),
        _iso_8601(F.max("listened_at")).alias("last_listened_at"),
    ]


def outcome_table(judged: DataFrame) -> DataFrame:
    """Select what the one write takes: a listen's columns and `outcome`, `kept` or the reason.

    A rejected line lends `user_id` for its text and `artist_name` for its file id.
    """
    is_listen = F.col("reason").isNull()
    line = F.coalesce("line", _line_of_listen())
    return judged.select(
        F.when(is_listen, F.col("user_id")).otherwise(line).alias("user_id"),
        "listened_at",
        "artist_id",
        F.when(is_listen, F.col("artist_name")).otherwise(F.col("file_id").cast("string")).alias("artist_name"),
        "track_id",
        "track_name",
        F.coalesce("reason", F.lit(KEPT)).alias("outcome"),
    )


def rejected_listens(outcomes: DataFrame, files: DataFrame) -> DataFrame:
    """Give the rejected lines of an outcome table their own schema.

    `files` has one row a file of the input: `file` (string) and `file_id` (long), a hash of the first.
    """
    rejected = outcomes.where(F.col("outcome") != KEPT).select(
        F.col("user_id").cast("binary").alias("line"),
        F.col("artist_name").cast("long").alias("file_id"),
        F.col("outcome").alias("reason"),
    )
    # Left, so that no line is lost; the key is unique on the right: one row a file.
    return conform(rejected.join(F.broadcast(files), on="file_id", how="left"), schemas.REJECTED_LISTENS)


def file_id(file: Column | str) -> Column:
    """Eight bytes that stand for a file's name while its lines are shuffled."""
    return F.xxhash64(file)


def _line_of_fields() -> Column:
    ids = {"artist_id", "track_id"}
    return F.concat_ws("\t", *(F.coalesce(field, F.lit("")) if field in ids else field for field in FIELDS))


def _line_of_listen() -> Column:
    ids = {name: F.coalesce(name, F.lit("")) for name in ("artist_id", "track_id")}
    return F.concat_ws(
        "\t", "user_id", _iso_8601("listened_at"), ids["artist_id"], "artist_name", ids["track_id"], "track_name"
    )


def _iso_8601(instant: Column | str) -> Column:
    return F.date_format(instant, "yyyy-MM-dd'T'HH:mm:ss'Z'")
