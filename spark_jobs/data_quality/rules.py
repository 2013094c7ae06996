"""Which lines are rejected and why: the first reason that applies, in the order of `REASONS`."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W
from pyspark.sql.window import WindowSpec

from spark_jobs.data_quality.fields import FIELDS
from spark_jobs.data_quality.lines import is_blank
from spark_jobs.lake.listening import LISTENS
from spark_jobs.lake.tries import BUCKET, in_buckets
from spark_jobs.shared.schemas import LISTEN_KEY

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


def warnings() -> Column:
    """What a listen is warned of (int): one bit for each of `WARNINGS`, the first the lowest."""
    conditions = {
        "missing_artist_id": F.col("artist_id").isNull() & ~F.col("malformed_artist_id"),
        "missing_track_id": F.col("track_id").isNull() & ~F.col("malformed_track_id"),
        "malformed_artist_id": F.col("malformed_artist_id"),
        "malformed_track_id": F.col("malformed_track_id"),
    }
    bits = F.lit(0)
    for position, warning in enumerate(WARNINGS):
        bits += F.when(conditions[warning], 2**position).otherwise(0)
    return bits


def first_implausible_day(run_date: date) -> date:
    """The first day (UTC) whose listens a run cannot know of yet."""
    return run_date + timedelta(days=DAYS_AHEAD_OF_RUN_DATE + 1)


def sort_into_buckets(classified: DataFrame, buckets: int) -> DataFrame:
    """Bring each user's lines together, in time order: the pipeline's one shuffle over all listens."""
    return in_buckets(classified, LISTENS, buckets, *_listen_order())


def reject_duplicates(in_order: DataFrame) -> DataFrame:
    """Give every further line of a listen already kept the reason `duplicate`.

    Takes the rows of `sort_into_buckets`. That needs no shuffle and no sort, for the first line of a listen is the row
    before.
    """
    by_user = W.partitionBy("user_id", BUCKET).orderBy(*_listen_order())
    is_duplicate = F.col("reason").isNull() & _repeats_previous(by_user)
    return in_order.withColumn("reason", F.when(is_duplicate, DUPLICATE).otherwise(F.col("reason")))


def reject_known(judged: DataFrame, known: DataFrame) -> DataFrame:
    """Give every listen that is `known` already, from earlier days, the reason `duplicate`.

    `known` has one row of LISTEN_KEY a listen, and is small; the order of the rows stays.
    """
    flagged = F.broadcast(known.withColumn("is_known", F.lit(True)))
    with_flag = judged.join(flagged, on=list(LISTEN_KEY), how="left")
    is_duplicate = F.col("reason").isNull() & F.col("is_known").isNotNull()
    reason = F.when(is_duplicate, DUPLICATE).otherwise(F.col("reason"))
    return with_flag.withColumn("reason", reason).select(*judged.columns)


def _repeats_previous(by_user: WindowSpec) -> Column:
    """Is it the listen of the row before it? `by_user` is a window over a user's listens, equal ones side by side."""
    repeats = F.lit(True)
    for column in LISTEN_KEY[1:]:
        # Null-safe: a user's first row has no previous one, and null would be neither yes nor no.
        repeats &= F.col(column).eqNullSafe(F.lag(column).over(by_user))
    return repeats


def _listen_order() -> list[Column]:
    """The order of a user's lines."""
    # Past the listen itself only to make the order total: the line with MusicBrainz ids comes first and is kept.
    ids = [F.col(column).asc_nulls_last() for column in ("artist_id", "track_id")]
    place = [F.col("line").asc_nulls_first(), F.col("file_id"), F.col("part_start")]
    return [*(F.col(column).asc() for column in LISTEN_KEY[1:]), *ids, *place]
