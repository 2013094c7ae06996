"""Each suite accepts what is right, and each of its expectations is seen to fail, with what it found."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include import suites
from include.checkpoint import CheckError, failures, keep_results, raise_for_errors, run_checkpoint
from include.checks import Table
from include.records import read_record
from plugins.checkpoint_operator import check_tables
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking.rankings import top_songs
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared import schemas
from spark_jobs.shared.lake import Lake
from tests.frames import listens

RUN_DATE = date(2009, 5, 4)


def failed(rows: DataFrame, suite: object, directory: Path) -> list[str]:
    return failures(run_checkpoint("check", Table(rows, suite), RUN_DATE, str(directory)))


@pytest.fixture
def two_listens(spark: SparkSession) -> DataFrame:
    return listens(spark, ("u", "12:00:00"), ("v", "2009-05-05T23:59:59"))


@pytest.fixture
def two_sessions(two_listens: DataFrame) -> DataFrame:
    return schemas.conform(summarize_sessions(sessionize(two_listens)), schemas.SESSIONS)


@pytest.fixture
def two_songs(spark: SparkSession) -> DataFrame:
    played = listens(spark, ("u", "12:00:00", "a", "x"), ("u", "12:01:00", "a", "x"), ("u", "12:02:00", "a", "y"))
    return schemas.conform(top_songs(played.withColumn("session_id", F.lit("s"))), schemas.TOP_SONGS)


def test_good_tables_pass_their_suites(
    spark: SparkSession, two_listens: DataFrame, two_sessions: DataFrame, two_songs: DataFrame, tmp_path: Path
) -> None:
    scored = spark.sql("SELECT 95.0D AS quality_score, 19L AS listens_kept, 1L AS lines_rejected")
    assert failed(two_listens, suites.listens(RUN_DATE, 2), tmp_path) == []
    assert failed(scored, suites.quality(95, 20), tmp_path) == []
    assert failed(two_sessions, suites.sessions(2), tmp_path) == []
    assert failed(two_songs, suites.top_songs(2), tmp_path) == []


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("user_id", "CAST(NULL AS string)", "expect_column_values_to_not_be_null(column=user_id): found 2 of 2 rows"),
        ("artist_id", "1", "expect_column_values_to_be_of_type(column=artist_id, type_=StringType): found IntegerType"),
        ("listened_at", "TIMESTAMP '2009-05-06'", "expect_column_values_to_be_between(column=listened_at"),
        ("listened_at", "TIMESTAMP '2001-12-31'", "found 2 of 2 rows unexpected, such as 2001-12-31"),
    ],
)
def test_bad_listens_are_named(two_listens: DataFrame, tmp_path: Path, column: str, value: str, message: str) -> None:
    (failure,) = failed(two_listens.withColumn(column, F.expr(value)), suites.listens(RUN_DATE, 2), tmp_path)
    assert failure.startswith("listens: ")
    assert message in failure


def test_missing_listens_and_columns_are_named(two_listens: DataFrame, tmp_path: Path) -> None:
    found = failed(two_listens.drop("track_id"), suites.listens(RUN_DATE, 3), tmp_path)
    assert sorted(failure.split("(")[0] for failure in found) == [
        "listens: expect_column_values_to_be_of_type",
        "listens: expect_table_columns_to_match_ordered_list",
        "listens: expect_table_row_count_to_equal",
    ]
    assert "listens: expect_table_row_count_to_equal(value=3): found 2" in found


def test_a_low_quality_score_and_a_lost_line_are_named(spark: SparkSession, tmp_path: Path) -> None:
    scored = spark.sql("SELECT 94.99D AS quality_score, 19L AS listens_kept, 1L AS lines_rejected")
    assert failed(scored, suites.quality(95, 21), tmp_path) == [
        "data_quality: expect_column_min_to_be_between(column=quality_score, min_value=95.0, max_value=100.0): "
        "found 94.99",
        "data_quality: expect_multicolumn_sum_to_equal("
        "column_list=['listens_kept', 'lines_rejected'], sum_total=21.0): "
        "found 1 of 1 rows unexpected, such as {'listens_kept': 19, 'lines_rejected': 1}",
    ]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("track_count", "0L", "min_to_be_between(column=track_count, min_value=1.0): found 0"),
        (
            "track_count",
            "2L",
            "column=track_count, min_value=2.0, max_value=2.0): found 4",
        ),
        ("session_id", "'same'", "expect_column_values_to_be_unique(column=session_id): found 2 of 2 rows"),
        ("ended_at", "started_at - INTERVAL 1 SECOND", "column_A=ended_at, column_B=started_at"),
    ],
)
def test_bad_sessions_are_named(two_sessions: DataFrame, tmp_path: Path, column: str, value: str, message: str) -> None:
    found = failed(two_sessions.withColumn(column, F.expr(value)), suites.sessions(2), tmp_path)
    assert any(message in failure for failure in found), found


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("rank", "1", "expect_column_values_to_be_unique(column=rank): found 2 of 2 rows"),
        (
            "rank",
            "rank + 1",
            "expect_column_values_to_be_between(column=rank, min_value=1.0, max_value=2.0): found 1 of 2",
        ),
        ("play_count", "CAST(rank AS long)", "expect_column_values_to_be_decreasing(column=play_count): found 1 of 2"),
    ],
)
def test_a_bad_ranking_is_named(two_songs: DataFrame, tmp_path: Path, column: str, value: str, message: str) -> None:
    (failure,) = failed(two_songs.withColumn(column, F.expr(value)), suites.top_songs(2), tmp_path)
    assert message in failure


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
    assert "data_quality: expect_column_min_to_be_between(column=listens_kept, min_value=1.0): found 0" in str(
        error.value
    )
    assert read_record(lake, "check_listens", RUN_DATE)["success"] is False


def test_a_table_that_cannot_be_computed_is_worth_a_retry_and_no_failed_check(
    two_songs: DataFrame, tmp_path: Path
) -> None:
    broken = two_songs.withColumn("play_count", F.expr("CAST(raise_error('a lost executor') AS long)"))
    result = run_checkpoint("check", Table(broken, suites.top_songs(2)), RUN_DATE, str(tmp_path))
    with pytest.raises(CheckError, match="top_songs: .* could not be checked: .*a lost executor"):
        raise_for_errors(result)
