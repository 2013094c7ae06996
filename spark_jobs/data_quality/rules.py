"""Which lines are rejected and why: the first reason that applies, in the order of `REASONS`."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.data_quality.lines import FIELDS, is_blank

EARLIEST_LISTEN = date(2002, 1, 1)
# A log may run ahead of its run date by a time zone, not by more.
DAYS_AHEAD_OF_RUN_DATE = 1

DUPLICATE = "duplicate"
REASONS = (
    "invalid_encoding",
    "field_count",
    "missing_user_id",
    "missing_timestamp",
    "invalid_timestamp",
    "implausible_timestamp",
    "missing_artist_name",
    "missing_track_name",
    DUPLICATE,
)
WARNINGS = ("missing_artist_id", "missing_track_id", "malformed_artist_id", "malformed_track_id")

# Lines that agree in these four are one listen; of them the one with MusicBrainz ids is kept.
SAME_LISTEN = ("user_id", "listened_at", "artist_name", "track_name")


def rejection_reason(run_date: date) -> Column:
    """Name the reason to reject a parsed line (see `parse_lines`), null where its fields give none.

    `duplicate` cannot be seen on one line: `reject_duplicates` finds it.
    """
    too_late = first_implausible_day(run_date)
    listened_at = F.col("listened_at")
    conditions = {
        "invalid_encoding": ~F.is_valid_utf8("line"),
        "field_count": F.col("field_count") != len(FIELDS),
        "missing_user_id": is_blank(F.col("user_id")),
        "missing_timestamp": F.col("timestamp") == "",
        "invalid_timestamp": listened_at.isNull(),
        "implausible_timestamp": (listened_at < F.lit(EARLIEST_LISTEN)) | (listened_at >= F.lit(too_late)),
        "missing_artist_name": is_blank(F.col("artist_name")),
        "missing_track_name": is_blank(F.col("track_name")),
    }
    return F.coalesce(*(F.when(conditions[reason], reason) for reason in REASONS if reason != DUPLICATE))


def first_implausible_day(run_date: date) -> date:
    """The first day (UTC) whose listens a run cannot know of yet."""
    return run_date + timedelta(days=DAYS_AHEAD_OF_RUN_DATE + 1)


def sort_into_buckets(classified: DataFrame, buckets: int) -> DataFrame:
    """Bring each user's lines together, in time order: the pipeline's one shuffle over all listens."""
    return classified.repartition(buckets, "user_id").sortWithinPartitions(*_listen_order())


def reject_duplicates(classified: DataFrame) -> DataFrame:
    """Give every further line of a listen already kept the reason `duplicate`.

    Takes the rows of `classify_lines`; after `sort_into_buckets` this needs no shuffle and no
    sort, for the first line of a listen is the row before.
    """
    by_user = W.partitionBy("user_id").orderBy(*_listen_order()[1:])
    repeats_previous = F.lit(True)
    for column in SAME_LISTEN[1:]:
        # Null-safe: a user's first row has no previous one, and null would leave the reason undecided.
        repeats_previous &= F.col(column).eqNullSafe(F.lag(column).over(by_user))
    is_duplicate = F.col("reason").isNull() & repeats_previous
    return classified.withColumn("reason", F.when(is_duplicate, DUPLICATE).otherwise(F.col("reason")))


def _listen_order() -> list[Column]:
    # Past the listen itself only to make the order total: the line with MusicBrainz ids comes first and is kept.
    ids = [F.col(column).asc_nulls_last() for column in ("artist_id", "track_id")]
    return [*(F.col(column).asc() for column in SAME_LISTEN), *ids, F.col("line").asc_nulls_first(), F.col("file_id")]
