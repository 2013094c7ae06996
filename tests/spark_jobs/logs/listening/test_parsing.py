from __future__ import annotations

import re
from datetime import datetime

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from spark_jobs.logs.listening.parsing import parse_lines, parse_timestamp
from tests.frames import frame_of
from tests.logs import ARTIST_ID, TRACK_ID


def test_a_line_becomes_its_six_fields(spark: SparkSession) -> None:
    lines = frame_of(
        spark,
        [
            (f'u\t2009-05-01T12:00:00+02:00\t{ARTIST_ID}\tAC\\DC\t{TRACK_ID}\t"T.N.T.', 1),
            ("u\t2009-05-01T12:00:00Z\t\tBeyoncé\tno-id\tHalo\r", 2),
            ("too\tshort", 3),
            ("", 4),
        ],
        "line string, file_id long",
    )
    parsed = parse_lines(lines).withColumn("listened_at", F.unix_seconds("listened_at"))
    expected = frame_of(
        spark,
        [
            (
                1,
                6,
                "u",
                "2009-05-01T12:00:00+02:00",
                1241172000,
                ARTIST_ID,
                "AC\\DC",
                TRACK_ID,
                '"T.N.T.',
                False,
                False,
            ),
            (2, 6, "u", "2009-05-01T12:00:00Z", 1241179200, None, "Beyoncé", None, "Halo", False, True),
            (3, 2, "too", "short", None, None, None, None, None, None, None),
            (4, 1, "", None, None, None, None, None, None, None, None),
        ],
        "file_id long, field_count int, user_id string, timestamp string, listened_at long, artist_id string, "
        "artist_name string, track_id string, track_name string, malformed_artist_id boolean, "
        "malformed_track_id boolean",
    )
    assertDataFrameEqual(parsed.select(*expected.columns), expected, checkRowOrder=True)


def test_only_one_carriage_return_ends_a_line(spark: SparkSession) -> None:
    lines = frame_of(spark, [("u\tt\t\ta\rb\t\tc\r\r",)], "line string")
    (row,) = parse_lines(lines).collect()
    assert (row.artist_name, row.track_name) == ("a\rb", "c\r")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        pytest.param("2009-05-04T23:08:57Z", "2009-05-04 23:08:57", id="utc"),
        pytest.param("2009-05-04T23:08:57+02:00", "2009-05-04 21:08:57", id="an offset becomes utc"),
        pytest.param("2009-05-04T23:08:57-05:30", "2009-05-05 04:38:57", id="a negative offset moves the day"),
        pytest.param("2009-05-04T23:08:57+18:00", "2009-05-04 05:08:57", id="the largest offset"),
        pytest.param("2009-05-04T23:08:57+18:01", None, id="an offset no zone has"),
        pytest.param("2009-05-04T23:08:57", None, id="no zone"),
        pytest.param("2009-05-04T23:08:57+0200", None, id="offset without colon"),
        pytest.param("2009-05-04 23:08:57Z", None, id="a space for the T"),
        pytest.param("2009-05-04T23:08Z", None, id="no seconds"),
        pytest.param("2009-05-04T23:08:57.5Z", None, id="a fraction"),
        pytest.param("2009-5-4T23:08:57Z", None, id="short fields"),
        pytest.param("2009-02-29T00:00:00Z", None, id="no such date"),
        pytest.param("2008-02-29T00:00:00Z", "2008-02-29 00:00:00", id="a leap day"),
        pytest.param("2009-05-04T24:00:00Z", None, id="no such hour"),
        pytest.param("2005-12-31T23:59:60Z", "2006-01-01 00:00:00", id="leap second of 2005"),
        pytest.param("2008-12-31T23:59:60Z", "2009-01-01 00:00:00", id="leap second of 2008"),
        pytest.param("2009-01-01T00:59:60+01:00", "2009-01-01 00:00:00", id="leap second in another zone"),
        pytest.param("2007-12-31T23:59:60Z", None, id="a year without leap second"),
        pytest.param("2008-12-31T22:59:60Z", None, id="an hour without leap second"),
        pytest.param("2009-05-04T23:08:57Z\n", None, id="a line end after it"),
        pytest.param("٢٠٠٩-05-04T23:08:57Z", None, id="digits of another script"),
        pytest.param("yesterday", None, id="a word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_timestamp_is_iso_8601_seconds_with_zone(spark: SparkSession, text: str, utc: str | None) -> None:
    frame = frame_of(spark, [(text,)], "text string")
    (row,) = frame.select(parse_timestamp(F.col("text")).cast("string").alias("utc")).collect()
    assert row.utc == utc


def test_timestamp_with_one_wrong_character_is_refused(spark: SparkSession) -> None:
    right = "2009-05-04T13:08:57Z"
    texts = {
        right[:place] + other + right[place + 1 :]
        for place in range(len(right))
        for other in ("", *"012369-+:./TZz \t\0é٣")
    }
    frame = frame_of(spark, [(text,) for text in sorted(texts)], "text string")
    found = frame.select("text", F.unix_seconds(parse_timestamp(F.col("text"))).alias("second")).collect()
    assert {row.text: row.second for row in found} == {text: second_of(text) for text in texts}


def second_of(text: str) -> int | None:
    """Return the second of a time in UTC, None for an invalid one."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return None
