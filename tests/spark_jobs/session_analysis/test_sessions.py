from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.session_analysis.sessions import is_implausible, sessionize, summarize_sessions
from tests.frames import at, frame_of, listens

GAP = timedelta(minutes=20)


def numbers(spark: SparkSession, *rows: tuple[str, str], gap: timedelta = GAP) -> list[tuple[str, int]]:
    """The session number of each listen, users and times in order."""
    numbered = sessionize(listens(spark, *rows), LISTENING, gap).orderBy("user_id", "listened_at")
    return [tuple(row) for row in numbered.select("user_id", "session_number").collect()]


@pytest.mark.parametrize(
    ("second", "sessions"),
    [
        pytest.param("12:19:59", 1, id="a second less than the gap"),
        pytest.param("12:20:00", 1, id="exactly the gap"),
        pytest.param("12:20:01", 2, id="a second more"),
    ],
)
def test_exactly_the_gap_stays_in_the_session(spark: SparkSession, second: str, sessions: int) -> None:
    assert numbers(spark, ("u", "12:00:00"), ("u", second)) == [("u", 1), ("u", sessions)]


def test_pause_counts_from_the_previous_listen(spark: SparkSession) -> None:
    times = ("12:00:00", "12:20:00", "12:40:00", "13:00:00")
    assert numbers(spark, *(("u", time) for time in times)) == [("u", 1)] * 4


def test_a_session_goes_on_over_midnight(spark: SparkSession) -> None:
    assert numbers(spark, ("u", "2009-05-01T23:55:00"), ("u", "2009-05-02T00:05:00")) == [("u", 1), ("u", 1)]


def test_each_user_has_sessions_of_their_own(spark: SparkSession) -> None:
    rows = [("u", "12:00:00"), ("v", "12:10:00"), ("u", "12:25:00"), ("v", "12:25:00")]
    assert numbers(spark, *rows) == [("u", 1), ("u", 2), ("v", 1), ("v", 1)]


def test_listens_of_one_second_are_in_one_session(spark: SparkSession) -> None:
    assert numbers(spark, ("u", "12:00:00"), ("u", "12:00:00"), ("u", "12:00:00")) == [("u", 1)] * 3


def test_the_gap_can_be_set(spark: SparkSession) -> None:
    rows = [("u", "12:00:00"), ("u", "12:01:01")]
    assert numbers(spark, *rows, gap=timedelta(minutes=1)) == [("u", 1), ("u", 2)]


def test_session_has_times_tracks_and_distinct_songs(spark: SparkSession) -> None:
    made = summarize_sessions(
        sessionize(
            listens(
                spark,
                ("u", "12:00:00", "Cake", "Jolene"),
                ("u", "12:10:00", "Cake", "Jolene"),
                ("u", "12:15:30", "cake", "Jolene"),
                ("u", "15:00:00", "Cake", "Jolene"),
            ),
            LISTENING,
            GAP,
        ),
        LISTENING,
    )
    expected = frame_of(
        spark,
        [
            ("u-20090501T120000Z", "u", at("12:00:00"), at("12:15:30"), 930, 3, 2, False),
            ("u-20090501T150000Z", "u", at("15:00:00"), at("15:00:00"), 0, 1, 1, False),
        ],
        "session_id string, user_id string, started_at timestamp, ended_at timestamp, duration_seconds long, "
        "track_count long, distinct_song_count long, is_implausible boolean",
    )
    assertDataFrameEqual(made.select(expected.columns), expected)


@pytest.mark.parametrize(
    ("tracks", "seconds", "expected"),
    [
        pytest.param(30, 600, False, id="exactly three tracks a minute"),
        pytest.param(30, 599, True, id="a little faster"),
        pytest.param(29, 60, False, id="faster, but over few tracks"),
        pytest.param(2, 3 * 86400, False, id="three days"),
        pytest.param(2, 3 * 86400 + 1, True, id="a second more than three days"),
        pytest.param(30, 0, True, id="all at once"),
    ],
)
def test_too_fast_or_too_long_sessions_are_implausible(
    spark: SparkSession, tracks: int, seconds: int, expected: bool
) -> None:
    flag = is_implausible(F.lit(tracks), F.lit(seconds), LISTENING.sessions.implausible)
    row = spark.range(1).select(flag.alias("found")).first()
    assert row.found is expected


def test_session_keeps_its_id_when_earlier_ones_arrive(spark: SparkSession) -> None:
    def names(*rows: tuple[str, str]) -> set[str]:
        numbered = sessionize(listens(spark, *rows), LISTENING, GAP)
        return {row.session_id for row in summarize_sessions(numbered, LISTENING).collect()}

    assert names(("u", "15:00:00")) < names(("u", "12:00:00"), ("u", "15:00:00"), ("v", "15:00:00"))
