from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from spark_jobs.data_quality.duplicates import reject_duplicates, sort_into_buckets
from spark_jobs.data_quality.kinds import kinds_of
from spark_jobs.lake.tries import number_buckets
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.lake import Lake
from tests.frames import frame_of
from tests.jobs import knowing


@pytest.fixture
def spark(spark: SparkSession, lake: Lake) -> SparkSession:
    """A session that knows the buckets of a lake."""
    return knowing(spark, lake)


def judged(lines: DataFrame) -> DataFrame:
    (kind,) = kinds_of(LISTENING)
    in_order = sort_into_buckets(number_buckets(lines, kind.accepted, 2), kind, 2)
    return reject_duplicates(in_order, kind).drop("bucket")


def classified(spark: SparkSession, *rows: tuple) -> DataFrame:
    return frame_of(
        spark,
        rows,
        "user_id string, listened_at int, artist_name string, track_name string, artist_id string, track_id string, "
        "line string, file_id long, part_start long, reason string",
    )


def test_duplicate_with_the_most_ids_stays(spark: SparkSession) -> None:
    same = ("u", 1, "a", "t")
    lines = classified(
        spark,
        (*same, None, None, None, 1, 0, None),
        (*same, "id", None, None, 1, 0, None),
        (*same, "id", "id", None, 1, 0, None),
    )
    assertDataFrameEqual(
        judged(lines),
        classified(
            spark,
            (*same, "id", "id", None, 1, 0, None),
            (*same, "id", None, None, 1, 0, "duplicate"),
            (*same, None, None, None, 1, 0, "duplicate"),
        ),
        checkRowOrder=True,
    )


def test_listens_that_differ_beyond_ids_all_stay(spark: SparkSession) -> None:
    lines = classified(
        spark,
        ("u", 1, "a", "t", None, None, None, 1, 0, None),
        ("v", 1, "a", "t", None, None, None, 1, 0, None),
        ("u", 2, "a", "t", None, None, None, 1, 0, None),
        ("u", 1, "A", "t", None, None, None, 1, 0, None),
        ("u", 1, "a", "t ", None, None, None, 1, 0, None),
    )
    assertDataFrameEqual(judged(lines), lines)


def test_repeated_rejected_line_keeps_its_own_reason(spark: SparkSession) -> None:
    rejected = ("a line", None, None, None, None, None, "a line", 1, 0, "field_count")
    lines = classified(spark, rejected, rejected)
    assertDataFrameEqual(judged(lines), lines)
