"""Each suite of a table accepts what is right, and each of its expectations is seen to fail, with what it found."""

from __future__ import annotations

from pathlib import Path

import pytest
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include.expectations.any_log import suites as any_log
from include.expectations.listening import suites
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import SESSIONS
from spark_jobs.ranking.rankings import top_songs
from spark_jobs.ranking.tables import TOP_SONGS
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared import schemas
from tests.frames import computed, listens
from tests.include.expectations.listening.judging import LIMITS, MINIMUM, RUN_DATE, failed


def of_listens(count: int) -> ExpectationSuite:
    suite = any_log.records(LISTENING.events, RUN_DATE, count)
    return ExpectationSuite("listens", expectations=[*suite.expectations, *suites.name_lengths(LIMITS)])


def of_sessions(listens: int) -> ExpectationSuite:
    suite = any_log.sessions(LISTENING, SESSIONS.schema, listens)
    return ExpectationSuite("sessions", expectations=[*suite.expectations, suites.user_ids(LIMITS)])


@pytest.fixture(scope="module")
def two_listens(spark: SparkSession) -> DataFrame:
    return listens(spark, ("u", "12:00:00"), ("v", "2009-05-05T23:59:59"))


@pytest.fixture(scope="module")
def two_sessions(two_listens: DataFrame) -> DataFrame:
    return computed(
        schemas.conform(
            summarize_sessions(sessionize(two_listens, LISTENING, LISTENING.sessions.gap), LISTENING), SESSIONS.schema
        )
    )


@pytest.fixture(scope="module")
def two_songs(spark: SparkSession) -> DataFrame:
    played = listens(spark, ("u", "12:00:00", "a", "x"), ("u", "12:01:00", "a", "x"), ("u", "12:02:00", "a", "y"))
    of_answer = {"definition": F.lit("answer"), "session": F.lit("s"), "song_id": F.lit(None)}
    ranked = top_songs(played.withColumns(of_answer))
    return computed(schemas.conform(ranked, TOP_SONGS.schema))


def test_good_tables_meet_their_suites(
    two_listens: DataFrame, two_sessions: DataFrame, two_songs: DataFrame, tmp_path: Path
) -> None:
    assert failed(two_listens, of_listens(2), tmp_path) == []
    assert failed(two_sessions, of_sessions(2), tmp_path) == []
    assert failed(two_songs, suites.top_songs(2), tmp_path) == []
    assert failed(two_songs, suites.top_songs(2, window_days=7), tmp_path) == []


@pytest.mark.parametrize(
    ("column", "value", "severity", "sentence"),
    [
        (
            "user_id",
            "CAST(NULL AS string)",
            "critical",
            "listens: expected: user_id is never null; found 2 of 2 rows unexpected, such as None, None "
            "(expect_column_values_to_not_be_null)",
        ),
        (
            "artist_id",
            "CAST(repeat('a', 36) AS binary)",
            "critical",
            "listens: expected: artist_id is a StringType; found BinaryType (expect_column_values_to_be_of_type)",
        ),
        (
            "listened_at",
            "TIMESTAMP '2009-05-06'",
            "critical",
            "listens: expected: listened_at is from 2002-01-01 on and before 2009-05-06; found 2 of 2 rows "
            "unexpected, such as 2009-05-06 00:00:00, 2009-05-06 00:00:00 (expect_column_values_to_be_between)",
        ),
        (
            "listened_at",
            "TIMESTAMP '2001-12-31'",
            "critical",
            "listens: expected: listened_at is from 2002-01-01 on and before 2009-05-06; found 2 of 2 rows "
            "unexpected, such as 2001-12-31 00:00:00, 2001-12-31 00:00:00 (expect_column_values_to_be_between)",
        ),
        (
            "track_name",
            "repeat('x', 11)",
            "warning",
            "listens: expected: track_name has at most 10 characters; found 2 of 2 rows unexpected, such as "
            "xxxxxxxxxxx, xxxxxxxxxxx (expect_column_value_lengths_to_be_between)",
        ),
    ],
)
def test_bad_listens_are_named_with_their_severity(
    two_listens: DataFrame, tmp_path: Path, column: str, value: str, severity: str, sentence: str
) -> None:
    found = failed(two_listens.withColumn(column, F.expr(value)), of_listens(2), tmp_path)
    assert found == [(severity, sentence)]


def test_missing_listens_and_columns_are_named(two_listens: DataFrame, tmp_path: Path) -> None:
    found = failed(two_listens.drop("track_id"), of_listens(3), tmp_path)
    assert {severity for severity, _ in found} == {"critical"}
    assert sorted(sentence.split("(")[-1] for _, sentence in found) == [
        "expect_table_columns_to_match_ordered_list)",
        "expect_table_row_count_to_equal)",
    ]
    counted = "listens: expected: every accepted record is there; found 2 (expect_table_row_count_to_equal)"
    assert ("critical", counted) in found


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("track_count", "0L", f"sessions: expected: every session has one of the listens; found 0 ({MINIMUM})"),
        (
            "track_count",
            "2L",
            "sessions: expected: all sessions together have the 2 listens of the log; found 4 "
            "(expect_column_sum_to_be_between)",
        ),
    ],
)
def test_bad_sessions_stop_the_run_and_are_named(
    two_sessions: DataFrame, tmp_path: Path, column: str, value: str, sentence: str
) -> None:
    found = failed(two_sessions.withColumn(column, F.expr(value)), of_sessions(2), tmp_path)
    assert {severity for severity, _ in found} == {"critical"}
    assert any(one.startswith(sentence) for _, one in found), found


def test_user_ids_of_another_form_degrade(two_sessions: DataFrame, tmp_path: Path) -> None:
    found = failed(two_sessions.withColumn("user_id", F.lit("user_1")), of_sessions(2), tmp_path)
    assert found == [
        (
            "warning",
            "sessions: expected: user ids have the form ^[uv]$; found 2 of 2 rows unexpected, such as user_1, user_1 "
            "(expect_column_values_to_match_regex)",
        )
    ]


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("rank", "1", "top_songs: expected: each rank is there once; found 2 of 2 rows unexpected, such as 1, 1 "),
        ("rank", "rank + 1", "top_songs: expected: ranks are 1 to 2; found 1 of 2 rows unexpected, such as 3 "),
    ],
)
def test_bad_ranking_is_critical_and_named(
    two_songs: DataFrame, tmp_path: Path, column: str, value: str, sentence: str
) -> None:
    ((severity, found),) = failed(two_songs.withColumn(column, F.expr(value)), suites.top_songs(2), tmp_path)
    assert severity == "critical"
    assert found.startswith(sentence)


@pytest.mark.parametrize(
    ("window_days", "severity", "claim"),
    [
        pytest.param(
            7, "warning", "there is a song, of a session that started in the 7 days up to the run date's end", id="days"
        ),
        pytest.param(1, "warning", "there is a song, of a session that started on the run date", id="a day"),
        pytest.param(None, "critical", "there is a song", id="all sessions"),
    ],
)
def test_empty_answer_degrades_only_a_run_with_window(
    two_songs: DataFrame, tmp_path: Path, window_days: int | None, severity: str, claim: str
) -> None:
    for is_day_without in (False, True):
        found = failed(two_songs.limit(0), suites.top_songs(0, window_days, is_day_without=is_day_without), tmp_path)
        expected = "info" if is_day_without and severity == "warning" else severity
        assert found == [(expected, f"top_songs: expected: {claim}; found 0 (expect_table_row_count_to_be_between)")]


def test_no_listen_has_no_session(two_sessions: DataFrame, tmp_path: Path) -> None:
    assert failed(two_sessions.limit(0), of_sessions(0), tmp_path) == []
    assert failed(two_sessions, of_sessions(0), tmp_path) == [
        (
            "critical",
            "sessions: expected: without listens there is no session; found 2 (expect_table_row_count_to_equal)",
        )
    ]


def test_answer_that_lost_its_songs_is_critical(two_songs: DataFrame, tmp_path: Path) -> None:
    found = failed(two_songs.limit(0), suites.top_songs(2, window_days=7), tmp_path)
    assert ("critical", "top_songs: expected: there are 2 songs; found 0 (expect_table_row_count_to_equal)") in found
