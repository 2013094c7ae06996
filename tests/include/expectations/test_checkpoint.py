"""A checkpoint stores its results, names unmet expectations, and tells a bad table from a broken one."""

from __future__ import annotations

import json
import re
import subprocess
from functools import partial
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include.expectations.checkpoint import CheckError, failures, keep_results, raise_for_errors, run_checkpoint
from include.expectations.listening import suites
from include.expectations.table import Table
from include.runs.acceptance import accept
from plugins.checkpoint_operator import Asked, check_tables
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.ranking.rankings import top_songs
from spark_jobs.ranking.tables import TOP_SONGS
from spark_jobs.shared import schemas
from spark_jobs.shared.documents import read_check
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import Decision
from tests.conftest import PROJECT
from tests.frames import computed, listens
from tests.include.expectations.listening.judging import RUN_DATE
from tests.jobs import knowing, run_data_quality
from tests.published import write_tables


@pytest.fixture
def two_songs(spark: SparkSession) -> DataFrame:
    played = listens(spark, ("u", "12:00:00", "a", "x"), ("u", "12:01:00", "a", "x"), ("u", "12:02:00", "a", "y"))
    of_answer = {"definition": F.lit("answer"), "session": F.lit("s"), "song_id": F.lit(None)}
    ranked = top_songs(played.withColumns(of_answer))
    return computed(schemas.conform(ranked, TOP_SONGS.schema))


def test_every_runs_results_stay_as_json_and_pages(spark: SparkSession, two_songs: DataFrame, lake: Lake) -> None:
    docs = Path(lake.data_docs())
    for songs in (2, 3):
        result = run_checkpoint("check_top_songs", Table(two_songs, suites.top_songs(songs)), RUN_DATE, str(docs))
    keep_results("check_top_songs", [result], lake, RUN_DATE, {"top_songs": 7})

    record = read_check(lake, "check_top_songs", RUN_DATE)
    assert (record.success, [validation.suite for validation in record.validations]) == (False, ["top_songs"])
    pages = list(docs.glob("validations/top_songs/**/*.html"))
    results = [json.loads(file.read_text())["success"] for file in docs.glob("results/top_songs/**/*.json")]
    assert (len(pages), sorted(results)) == (2, [False, True])
    # Our style writes each expectation's status in words; the icons of Great Expectations need the internet.
    assert all('content: "\\2717  not met"' in page.read_text() for page in pages)
    assert "top_songs" in (docs / "index.html").read_text()


def test_data_docs_may_lie_below_a_dollar(two_songs: DataFrame, tmp_path: Path) -> None:
    docs = tmp_path / "a $lake" / "docs"
    run_checkpoint("check_top_songs", Table(two_songs, suites.top_songs(2)), RUN_DATE, str(docs))
    assert (docs / "index.html").is_file()
    assert len(list(docs.glob("validations/top_songs/**/*.html"))) == 1


def test_expired_check_asks_for_a_new_run(lake: Lake) -> None:
    snapshots = write_tables(lake, RUN_DATE, {"listens": [], "rejected_records": []})
    asked = Asked({**snapshots, "listens": 1}, {})
    with pytest.raises(AirflowFailException, match=f"removed what it wrote to listens: run {RUN_DATE} again"):
        check_tables(None, "check_listens", lake, RUN_DATE, asked)  # type: ignore[arg-type]


def test_failed_check_names_unmet_claims_until_accepted(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("commas,for,tabs\n")
    snapshots = run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE)).snapshots
    asked = Asked(snapshots, {"minimum_quality_score": "0"})
    check = partial(check_tables, knowing(spark, lake), "check_listens", lake, RUN_DATE, asked)
    with pytest.raises(AirflowFailException, match="check_listens failed for run date 2009-05-04: ") as error:
        check()
    assert "data_quality: expected: at least one record is accepted; found 0" in str(error.value)
    assert "below which every run stops; found 0" in str(error.value)
    assert "field_count" in output_of(re.search("wrote: (make .*); see also", str(error.value))[1])  # type: ignore[index]
    record = read_check(lake, "check_listens", RUN_DATE)
    assert record.success is False

    accept(lake, RUN_DATE, record.critical, Decision(by="ann", at="2009-05-05T08:00:00Z", reason="the label agreed"))
    check()
    assert read_check(lake, "check_listens", RUN_DATE).critical == record.critical


def output_of(command: str) -> str:
    """Run a command as printed and return its output. It uses the tests' installation and never updates it."""
    installed = command.replace("make ", "make --old-file=.venv/runtime ", 1)
    return subprocess.run(["sh", "-c", installed], cwd=PROJECT, capture_output=True, text=True, check=True).stdout


def test_table_that_cannot_be_computed_is_retried(two_songs: DataFrame, lake: Lake, tmp_path: Path) -> None:
    broken = two_songs.withColumn("play_count", F.expr("CAST(raise_error('a lost executor') AS long)"))
    result = run_checkpoint("check", Table(broken, suites.top_songs(2)), RUN_DATE, str(tmp_path))
    assert failures(result) == []
    with pytest.raises(CheckError, match="top_songs: .* could not be checked: .*a lost executor"):
        raise_for_errors(result)
    # The record says that the check failed, even if somebody marks the task as successful.
    record = keep_results("check_top_songs", [result], lake, RUN_DATE, {"top_songs": 7})
    assert (record.success, record.critical) == (False, ())
    assert "a lost executor" in record.errors[0]
