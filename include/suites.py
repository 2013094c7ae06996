"""What must hold for each dataset of a run: one function, one Great Expectations suite.

Every expectation here is critical: one that fails stops the run.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import great_expectations.expectations as gxe
from great_expectations import ExpectationSuite
from pyspark.sql import types as T

from spark_jobs.data_quality.rules import EARLIEST_LISTEN, first_implausible_day
from spark_jobs.shared import schemas


def listens(run_date: date, listens_kept: int) -> ExpectationSuite:
    """The listens have their columns, no null where none may be, plausible times, and are all there."""
    plausible_times = gxe.ExpectColumnValuesToBeBetween(
        column="listened_at",
        min_value=_midnight(EARLIEST_LISTEN),
        max_value=_midnight(first_implausible_day(run_date)),
        strict_max=True,
    )
    always_known = ("user_id", "listened_at", "artist_name", "track_name")
    return ExpectationSuite(
        "listens",
        expectations=[
            *_has_schema(schemas.LISTENS),
            *(gxe.ExpectColumnValuesToNotBeNull(column=column) for column in always_known),
            plausible_times,
            gxe.ExpectTableRowCountToEqual(value=listens_kept),
        ],
    )


def quality(minimum_quality_score: float, lines_read: int) -> ExpectationSuite:
    """Enough of the lines became listens, at least one did, and every line became one or was rejected."""
    return ExpectationSuite(
        "data_quality",
        expectations=[
            gxe.ExpectColumnMinToBeBetween(column="quality_score", min_value=minimum_quality_score, max_value=100),
            gxe.ExpectColumnMinToBeBetween(column="listens_kept", min_value=1),
            gxe.ExpectMulticolumnSumToEqual(column_list=["listens_kept", "lines_rejected"], sum_total=lines_read),
        ],
    )


def sessions(listens_kept: int) -> ExpectationSuite:
    """Each session has a name of its own, tracks, and an end not before its start; together they hold all listens."""
    return ExpectationSuite(
        "sessions",
        expectations=[
            *_has_schema(schemas.SESSIONS),
            *(gxe.ExpectColumnValuesToNotBeNull(column=column) for column in schemas.SESSIONS.fieldNames()),
            gxe.ExpectColumnValuesToBeUnique(column="session_id"),
            gxe.ExpectColumnMinToBeBetween(column="track_count", min_value=1),
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="ended_at", column_B="started_at", or_equal=True),
            gxe.ExpectColumnSumToBeBetween(column="track_count", min_value=listens_kept, max_value=listens_kept),
        ],
    )


def top_songs(songs: int) -> ExpectationSuite:
    """The ranks are 1 to n, each once, and no song was played more often than the one before it."""
    return ExpectationSuite(
        "top_songs",
        expectations=[
            *_has_schema(schemas.TOP_SONGS),
            *(gxe.ExpectColumnValuesToNotBeNull(column=column) for column in schemas.TOP_SONGS.fieldNames()),
            # Unique, none below 1, none above n, n of them: that is 1 to n without holes.
            gxe.ExpectTableRowCountToEqual(value=songs),
            gxe.ExpectColumnValuesToBeUnique(column="rank"),
            gxe.ExpectColumnValuesToBeBetween(column="rank", min_value=1, max_value=songs),
            gxe.ExpectColumnValuesToBeDecreasing(column="play_count"),
        ],
    )


def _has_schema(schema: T.StructType) -> list[gxe.Expectation]:
    types = [
        gxe.ExpectColumnValuesToBeOfType(column=field.name, type_=type(field.dataType).__name__)
        for field in schema.fields
    ]
    return [gxe.ExpectTableColumnsToMatchOrderedList(column_list=schema.fieldNames()), *types]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
