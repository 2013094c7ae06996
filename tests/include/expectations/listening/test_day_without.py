"""A daily load of an empty file, through the jobs and the checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from include.expectations.checkpoint import failures, raise_for_errors, run_checkpoint
from include.expectations.listening import checks
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.ranking.job import RankingJob
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests.include.expectations.listening.judging import MINIMUM
from tests.include.expectations.listening.test_checks import BEFORE, publish_answer, quality, record
from tests.jobs import knowing, publish_run, run_data_quality, run_ranking, run_session_analysis
from tests.logs import RUN_DATE
from tests.published import leave_record
from tests.records import NO_LATE, based_on, counted

NONE_YET = {"events": 0, "last_event_at": None}
NO_LINE = {"counts": counted(0, 0, 0)}


def known(*files: str) -> dict[str, Any]:
    return {"late": NO_LATE, "known_events": 0, "files_changed": [], "files_known": files}


def test_log_that_begins_without_listens_is_good(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.touch()
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE, load=loads.DAILY))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    run_ranking(spark, RankingJob(lake, RUN_DATE))
    snapshots, spark = publish_run(lake, RUN_DATE), knowing(spark, lake)
    of_checks = (
        checks.listens(spark, lake, RUN_DATE, snapshots, "95"),
        checks.sessions(spark, lake, RUN_DATE, snapshots),
        checks.top_songs(spark, lake, RUN_DATE, snapshots),
    )
    tables = [table for found in of_checks for table in found]
    results = [run_checkpoint("check", table, RUN_DATE, str(tmp_path)) for table in tables]
    assert [(failure.severity.value, failure.sentence) for result in results for failure in failures(result)] == [
        ("info", f"data_quality: expected: at least one record is accepted; found 0 ({MINIMUM})"),
        ("info", "top_songs: expected: there is a song; found 0 (expect_table_row_count_to_be_between)"),
    ]
    for result in results:
        raise_for_errors(result)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(NO_LINE, {"newest_listen_age_days": 0.5}, id="an empty file is a day without"),
        pytest.param(
            {**NO_LINE, "log": NONE_YET}, {"newest_listen_age_days": 1.0}, id="a log may begin with a day without"
        ),
        pytest.param(
            {**NO_LINE, "log": NONE_YET, "base": based_on(BEFORE, {}), "inputs": []},
            {"newest_listen_age_days": float("inf")},
            id="a log without a listen on its second day is told",
        ),
        pytest.param(
            {**NO_LINE, "input": {"files": 0}, "new": known("empty")},
            {"newest_listen_age_days": 0.5},
            id="the empty file of another day is a day without",
        ),
        pytest.param(
            {**NO_LINE, "input": {"files": 0}, "new": known("empty", "old")},
            {"newest_listen_age_days": 0.5, "listens_percent_of_previous": 0.0},
            id="no new file is told",
        ),
        pytest.param(
            {**NO_LINE, "new": known("old")},
            {"newest_listen_age_days": 0.5},
            id="a new empty file beside the old ones is a day without",
        ),
        pytest.param(
            {"counts": counted(9, 0, 9)},
            {"newest_listen_age_days": 0.5, "listens_percent_of_previous": 0.0},
            id="a file that came before is told",
        ),
    ],
)
def test_only_an_empty_file_is_a_day_without(lake: Lake, facts: dict[str, Any], expected: dict[str, float]) -> None:
    daily = {"parameters": {"load": "daily"}}
    leave_record(lake, "data_quality", BEFORE, record(8, **daily))
    publish_answer(lake, BEFORE)
    assert checks.volume_counts(quality(0, **daily, **facts), lake, RUN_DATE, BEFORE) == expected


def test_a_full_load_is_never_a_day_without(lake: Lake) -> None:
    leave_record(lake, "data_quality", BEFORE, record(8))
    publish_answer(lake, BEFORE)
    figures = checks.volume_counts(quality(0, **NO_LINE), lake, RUN_DATE, BEFORE)
    assert figures["listens_percent_of_previous"] == 0.0
