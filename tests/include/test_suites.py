"""Each suite accepts what is right, and each of its expectations is seen to fail, with what it found."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from airflow.sdk.exceptions import AirflowFailException
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include import suites
from include.checkpoint import CheckError, failures, keep_results, raise_for_errors, run_checkpoint
from include.checks import Table
from include.records import read_record
from include.settings import Settings
from plugins.checkpoint_operator import check_tables
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking.rankings import top_songs
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared import schemas
from spark_jobs.shared.lake import Lake
from tests.frames import listens

RUN_DATE, YESTERDAY = date(2009, 5, 4), date(2009, 5, 3)
# Users of tests have short names.
LIMITS = Settings(user_id_pattern="^[uv]$", maximum_name_length=10)


def failed(rows: DataFrame | pd.DataFrame, suite: ExpectationSuite, directory: Path) -> list[tuple[str, str]]:
    """Severity and sentence of each expectation that is not met."""
    result = run_checkpoint("check", Table(rows, suite), RUN_DATE, str(directory))
    return [(failure.severity.value, failure.sentence) for failure in failures(result)]


@pytest.fixture
def two_listens(spark: SparkSession) -> DataFrame:
    made = listens(spark, ("u", "12:00:00"), ("v", "2009-05-05T23:59:59"))
    return made.withColumn("repeats_previous", F.lit(False))


@pytest.fixture
def two_sessions(two_listens: DataFrame) -> DataFrame:
    return schemas.conform(summarize_sessions(sessionize(two_listens)), schemas.SESSIONS)


@pytest.fixture
def two_songs(spark: SparkSession) -> DataFrame:
    played = listens(spark, ("u", "12:00:00", "a", "x"), ("u", "12:01:00", "a", "x"), ("u", "12:02:00", "a", "y"))
    return schemas.conform(top_songs(played.withColumn("session_id", F.lit("s"))), schemas.TOP_SONGS)


QUALITY = {
    "quality_score": 95.0,
    "listens_kept": 19,
    "lines_rejected": 1,
    "missing_artist_id_percent": 10.0,
    "missing_track_id_percent": 35.0,
}
VOLUME = {"newest_listen_age_days": 2.0, "listens_percent_of_previous": 50.0}
SHAPE = {
    "mean_tracks": 4.0,
    "median_minutes": 240.0,
    "p99_tracks_per_minute": 3.0,
    "implausible_percent": 0.5,
    "users_gone_percent": 5.0,
}
FLAGS = {"implausible_top_sessions": 0, "songs_of_one_session": 0, "songs_of_one_listener": 0}


def test_good_tables_meet_their_suites_and_figures_at_the_limit_do_too(
    two_listens: DataFrame, two_sessions: DataFrame, two_songs: DataFrame, tmp_path: Path
) -> None:
    assert failed(two_listens, suites.listens(RUN_DATE, 2, LIMITS), tmp_path) == []
    assert failed(two_sessions, suites.sessions(2), tmp_path) == []
    assert failed(two_songs, suites.top_songs(2), tmp_path) == []
    assert failed(pd.DataFrame([QUALITY]), suites.data_quality(95, 20, LIMITS), tmp_path) == []
    assert failed(pd.DataFrame([VOLUME]), suites.volume(YESTERDAY, LIMITS), tmp_path) == []
    assert failed(pd.DataFrame([SHAPE]), suites.session_shape(YESTERDAY, LIMITS), tmp_path) == []
    assert failed(pd.DataFrame([FLAGS]), suites.flags(), tmp_path) == []


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
            "1",
            "critical",
            "listens: expected: artist_id is a StringType; found IntegerType (expect_column_values_to_be_of_type)",
        ),
        (
            "listened_at",
            "TIMESTAMP '2009-05-06'",
            "critical",
            "listens: expected: times are from 2002 on and not past the day after the run date; found 2 of 2 rows "
            "unexpected, such as 2009-05-06 00:00:00, 2009-05-06 00:00:00 (expect_column_values_to_be_between)",
        ),
        (
            "listened_at",
            "TIMESTAMP '2001-12-31'",
            "critical",
            "listens: expected: times are from 2002 on and not past the day after the run date; found 2 of 2 rows "
            "unexpected, such as 2001-12-31 00:00:00, 2001-12-31 00:00:00 (expect_column_values_to_be_between)",
        ),
        (
            "repeats_previous",
            "user_id = 'v'",
            "critical",
            "listens: expected: no listen is there twice; found 1 of 2 rows unexpected, such as True "
            "(expect_column_values_to_be_in_set)",
        ),
        (
            "track_name",
            "repeat('x', 11)",
            "warning",
            "listens: expected: track_name has at most 10 characters; found 2 of 2 rows unexpected, such as "
            "xxxxxxxxxxx, xxxxxxxxxxx (expect_column_value_lengths_to_be_between)",
        ),
        (
            "user_id",
            "'user_1'",
            "warning",
            "listens: expected: user ids have the form ^[uv]$; found 2 of 2 rows unexpected, such as user_1, user_1 "
            "(expect_column_values_to_match_regex)",
        ),
    ],
)
def test_bad_listens_are_named_with_what_that_means_for_the_run(
    two_listens: DataFrame, tmp_path: Path, column: str, value: str, severity: str, sentence: str
) -> None:
    found = failed(two_listens.withColumn(column, F.expr(value)), suites.listens(RUN_DATE, 2, LIMITS), tmp_path)
    assert found == [(severity, sentence)]


def test_missing_listens_and_columns_are_named(two_listens: DataFrame, tmp_path: Path) -> None:
    found = failed(two_listens.drop("track_id"), suites.listens(RUN_DATE, 3, LIMITS), tmp_path)
    assert {severity for severity, _ in found} == {"critical"}
    assert sorted(sentence.split("(")[-1] for _, sentence in found) == [
        "expect_table_columns_to_match_ordered_list)",
        "expect_table_row_count_to_equal)",
    ]
    counted = "listens: expected: every listen kept is there; found 2 (expect_table_row_count_to_equal)"
    assert ("critical", counted) in found


MINIMUM = "expect_column_min_to_be_between"
MAXIMUM = "expect_column_max_to_be_between"


@pytest.mark.parametrize(
    ("figures", "suite", "expected"),
    [
        pytest.param(
            {**QUALITY, "quality_score": 94.99},
            suites.data_quality(95, 20, LIMITS),
            [("warning", f"data_quality: expected: the quality score is at least 95; found 94.99 ({MINIMUM})")],
            id="a score below the minimum degrades",
        ),
        pytest.param(
            {**QUALITY, "quality_score": 89.99},
            suites.data_quality(80, 20, LIMITS),
            [
                (
                    "critical",
                    "data_quality: expected: the quality score is at least 90, below which every run stops; "
                    f"found 89.99 ({MINIMUM})",
                )
            ],
            id="a score below the last one stops, whatever the minimum",
        ),
        pytest.param(
            QUALITY,
            suites.data_quality(95, 21, LIMITS),
            [
                (
                    "critical",
                    "data_quality: expected: listens kept and lines rejected are the 21 lines read; found 1 of 1 rows "
                    "unexpected, such as {'listens_kept': 19, 'lines_rejected': 1} (expect_multicolumn_sum_to_equal)",
                )
            ],
            id="a lost line stops",
        ),
        pytest.param(
            {**QUALITY, "missing_artist_id_percent": 10.1, "missing_track_id_percent": 35.1},
            suites.data_quality(95, 20, LIMITS),
            [
                (
                    "warning",
                    f"data_quality: expected: at most 10 % of the listens have no artist id; found 10.1 ({MAXIMUM})",
                ),
                (
                    "warning",
                    f"data_quality: expected: at most 35 % of the listens have no track id; found 35.1 ({MAXIMUM})",
                ),
            ],
            id="missing ids degrade",
        ),
        pytest.param(
            {"newest_listen_age_days": 2.1, "listens_percent_of_previous": 49.9},
            suites.volume(YESTERDAY, LIMITS),
            [
                (
                    "warning",
                    "volume: expected: the newest listen is at most 2 days before the end of the run date; "
                    f"found 2.1 ({MAXIMUM})",
                ),
                (
                    "warning",
                    "volume: expected: there are at least 50 % of the listens of run date 2009-05-03; "
                    f"found 49.9 ({MINIMUM})",
                ),
            ],
            id="an old log and a small one degrade",
        ),
        pytest.param(
            {
                "mean_tracks": 3.9,
                "median_minutes": 241.0,
                "p99_tracks_per_minute": 3.1,
                "implausible_percent": 0.6,
                "users_gone_percent": 5.1,
            },
            suites.session_shape(YESTERDAY, LIMITS),
            [
                (
                    "warning",
                    "session_shape: expected: a session has 4 to 80 tracks on average; found 3.9 "
                    "(expect_column_mean_to_be_between)",
                ),
                (
                    "warning",
                    f"session_shape: expected: half the sessions last at most 240 minutes; found 241 ({MAXIMUM})",
                ),
                (
                    "warning",
                    "session_shape: expected: 99 % of the sessions have at most 3 tracks a minute; "
                    f"found 3.1 ({MAXIMUM})",
                ),
                (
                    "warning",
                    f"session_shape: expected: at most 0.5 % of the sessions are implausible; found 0.6 ({MAXIMUM})",
                ),
                (
                    "warning",
                    "session_shape: expected: at most 5 % of the users of run date 2009-05-03 are gone; "
                    f"found 5.1 ({MAXIMUM})",
                ),
            ],
            id="sessions as nobody has them and users that are gone degrade",
        ),
        pytest.param(
            {"implausible_top_sessions": 1, "songs_of_one_session": 2, "songs_of_one_listener": 3},
            suites.flags(),
            [
                ("info", f"flags: expected: no top session is implausible; found 1 ({MAXIMUM})"),
                ("info", f"flags: expected: no top song is owed to one session alone; found 2 ({MAXIMUM})"),
                ("info", f"flags: expected: no top song is owed to one listener alone; found 3 ({MAXIMUM})"),
            ],
            id="an answer that few made is flagged",
        ),
    ],
)
def test_bad_figures_are_named_with_what_that_means_for_the_run(
    figures: dict[str, float], suite: ExpectationSuite, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert failed(pd.DataFrame([figures]), suite, tmp_path) == expected


def test_a_first_run_is_compared_with_no_other(tmp_path: Path) -> None:
    assert failed(pd.DataFrame([{"newest_listen_age_days": 1.0}]), suites.volume(None, LIMITS), tmp_path) == []
    first = {name: value for name, value in SHAPE.items() if name != "users_gone_percent"}
    assert failed(pd.DataFrame([first]), suites.session_shape(None, LIMITS), tmp_path) == []


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("track_count", "0L", f"sessions: expected: every session has a track; found 0 ({MINIMUM})"),
        (
            "track_count",
            "2L",
            "sessions: expected: all sessions together have the 2 listens kept; found 4 "
            "(expect_column_sum_to_be_between)",
        ),
        (
            "session_id",
            "'same'",
            "sessions: expected: each session_id is there once; found 2 of 2 rows unexpected, such as same, same "
            "(expect_column_values_to_be_unique)",
        ),
        (
            "ended_at",
            "started_at - INTERVAL 1 SECOND",
            "sessions: expected: no session ends before it starts; found 2 of 2 rows unexpected, such as ",
        ),
    ],
)
def test_bad_sessions_stop_the_run_and_are_named(
    two_sessions: DataFrame, tmp_path: Path, column: str, value: str, sentence: str
) -> None:
    found = failed(two_sessions.withColumn(column, F.expr(value)), suites.sessions(2), tmp_path)
    assert {severity for severity, _ in found} == {"critical"}
    assert any(one.startswith(sentence) for _, one in found), found


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("rank", "1", "top_songs: expected: each rank is there once; found 2 of 2 rows unexpected, such as 1, 1 "),
        ("rank", "rank + 1", "top_songs: expected: ranks are 1 to 2; found 1 of 2 rows unexpected, such as 3 "),
        (
            "play_count",
            "CAST(rank AS long)",
            "top_songs: expected: plays never increase with the rank; found 1 of 2 rows unexpected, such as 2 ",
        ),
    ],
)
def test_a_bad_ranking_stops_the_run_and_is_named(
    two_songs: DataFrame, tmp_path: Path, column: str, value: str, sentence: str
) -> None:
    ((severity, found),) = failed(two_songs.withColumn(column, F.expr(value)), suites.top_songs(2), tmp_path)
    assert severity == "critical"
    assert found.startswith(sentence)


def test_results_stay_as_json_and_as_pages_run_after_run(spark: SparkSession, two_songs: DataFrame, lake: Lake) -> None:
    docs = Path(lake.data_docs())
    for songs in (2, 3):
        result = run_checkpoint("check_top_songs", Table(two_songs, suites.top_songs(songs)), RUN_DATE, str(docs))
    keep_results("check_top_songs", [result], lake, RUN_DATE)

    record = read_record(lake, "check_top_songs", RUN_DATE)
    assert (record["success"], [validation["suite"] for validation in record["validations"]]) == (False, ["top_songs"])
    pages = list(docs.glob("validations/top_songs/**/*.html"))
    results = [json.loads(file.read_text())["success"] for file in docs.glob("results/top_songs/**/*.json")]
    assert (len(pages), sorted(results)) == (2, [False, True])
    assert "top_songs" in (docs / "index.html").read_text()


def test_a_log_without_a_good_line_fails_its_check_by_name(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("commas,for,tabs\n")
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    with pytest.raises(AirflowFailException, match="check_listens failed for run date 2009-05-04: ") as error:
        check_tables(
            spark,
            check="check_listens",
            tables="include.checks.listens",
            lake_root=lake.root,
            run_date=str(RUN_DATE),
            facts={"minimum_quality_score": "0"},
        )
    assert "data_quality: expected: at least one line is a listen; found 0" in str(error.value)
    assert "below which every run stops; found 0" in str(error.value)
    assert read_record(lake, "check_listens", RUN_DATE)["success"] is False


def test_a_table_that_cannot_be_computed_is_worth_a_retry_and_no_failed_check(
    two_songs: DataFrame, tmp_path: Path
) -> None:
    broken = two_songs.withColumn("play_count", F.expr("CAST(raise_error('a lost executor') AS long)"))
    result = run_checkpoint("check", Table(broken, suites.top_songs(2)), RUN_DATE, str(tmp_path))
    assert failures(result) == []
    with pytest.raises(CheckError, match="top_songs: .* could not be checked: .*a lost executor"):
        raise_for_errors(result)
