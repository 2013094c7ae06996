from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from spark_jobs.data_quality.lines import parse_lines
from spark_jobs.data_quality.rules import reject_duplicates, rejection_reason, sort_into_buckets
from spark_jobs.shared.lake import Lake
from tests.frames import frame_of
from tests.jobs import knowing
from tests.logs import RUN_DATE


def reason(spark: SparkSession, line: str) -> str | None:
    lines = frame_of(spark, [(bytearray(line.encode("utf-8", "surrogateescape")),)], "line binary")
    parsed = parse_lines(lines.select(F.col("line").cast("string")))
    return parsed.select(rejection_reason(RUN_DATE)).first()[0]


@pytest.fixture
def spark(spark: SparkSession, lake: Lake) -> SparkSession:
    """A session that knows the buckets of a lake."""
    return knowing(spark, lake)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\tt", None, id="good"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\tt\udcff", "invalid_encoding", id="a byte that is no UTF-8"),
        pytest.param("\udced\udca0\udc80", "invalid_encoding", id="a surrogate"),
        pytest.param("", "field_count", id="an empty line"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\tt", "field_count", id="five fields"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\tt\t", "field_count", id="seven fields"),
        pytest.param("\t2009-05-04T12:00:00Z\t\ta\t\tt", "missing_user_id", id="no user"),
        pytest.param("u\t\t\ta\t\tt", "missing_timestamp", id="no timestamp"),
        pytest.param("u\t \t\ta\t\tt", "invalid_timestamp", id="a blank timestamp is no missing one"),
        pytest.param("u\t2009-05-04\t\ta\t\tt", "invalid_timestamp", id="a day"),
        pytest.param("u\t2001-12-31T23:59:59Z\t\ta\t\tt", "implausible_timestamp", id="the second before 2002"),
        pytest.param("u\t2002-01-01T00:00:00Z\t\ta\t\tt", None, id="the first second of 2002"),
        pytest.param("u\t2009-05-05T23:59:59Z\t\ta\t\tt", None, id="the last second of the day after the run date"),
        pytest.param("u\t2009-05-06T00:00:00Z\t\ta\t\tt", "implausible_timestamp", id="the second after that"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\t\u3000\t\tt", "missing_artist_name", id="a blank artist"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\t", "missing_track_name", id="no track"),
        pytest.param("\t\t\t\t\t", "missing_user_id", id="the first of several reasons"),
        pytest.param("u\tnever\t\t\t\t", "invalid_timestamp", id="the timestamp before the names"),
        pytest.param('u\t2009-05-04T12:00:00Z\t\t"\t\t\\', None, id="quotes and backslashes are characters"),
    ],
)
def test_a_line_is_rejected_for_the_first_reason_that_applies(
    spark: SparkSession, line: str, expected: str | None
) -> None:
    assert reason(spark, line) == expected


def classified(spark: SparkSession, *rows: tuple) -> DataFrame:
    return frame_of(
        spark,
        rows,
        "user_id string, listened_at int, artist_name string, track_name string, artist_id string, track_id string, "
        "line string, file_id long, part_start long, reason string",
    )


def test_of_the_lines_of_one_listen_the_one_with_ids_stays(spark: SparkSession) -> None:
    same = ("u", 1, "a", "t")
    lines = classified(
        spark,
        (*same, None, None, None, 1, 0, None),
        (*same, "id", None, None, 1, 0, None),
        (*same, "id", "id", None, 1, 0, None),
    )
    assertDataFrameEqual(
        reject_duplicates(sort_into_buckets(lines, 2)).drop("bucket"),
        classified(
            spark,
            (*same, "id", "id", None, 1, 0, None),
            (*same, "id", None, None, 1, 0, "duplicate"),
            (*same, None, None, None, 1, 0, "duplicate"),
        ),
        checkRowOrder=True,
    )


def test_listens_that_differ_in_anything_but_ids_are_no_duplicates(spark: SparkSession) -> None:
    lines = classified(
        spark,
        ("u", 1, "a", "t", None, None, None, 1, 0, None),
        ("v", 1, "a", "t", None, None, None, 1, 0, None),
        ("u", 2, "a", "t", None, None, None, 1, 0, None),
        ("u", 1, "A", "t", None, None, None, 1, 0, None),
        ("u", 1, "a", "t ", None, None, None, 1, 0, None),
    )
    assertDataFrameEqual(reject_duplicates(sort_into_buckets(lines, 2)).drop("bucket"), lines)


def test_a_rejected_line_keeps_its_reason_and_is_no_duplicate(spark: SparkSession) -> None:
    rejected = ("a line", None, None, None, None, None, "a line", 1, 0, "field_count")
    lines = classified(spark, rejected, rejected)
    assertDataFrameEqual(reject_duplicates(sort_into_buckets(lines, 2)).drop("bucket"), lines)
