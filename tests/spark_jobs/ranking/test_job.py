from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.job import RankingJob, parse_args, run
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.job import run as run_session_analysis
from spark_jobs.shared.buckets import read_listens
from spark_jobs.shared.lake import TOP_SESSIONS, TOP_SONGS, Lake
from tests.lake_reader import rows
from tests.logs import RUN_DATE


@pytest.fixture
def lake_with_sessions(spark: SparkSession, lake: Lake, tmp_path: Path) -> Lake:
    log = tmp_path / "log.tsv"
    # User n has a session of n + 1 tracks; their last track is everybody's hit.
    lines = [
        f"u{user}\t2009-05-01T12:{track:02d}:00Z\t\tA\t\t{'hit' if track == user else f'{user}.{track}'}\n"
        for user in range(6)
        for track in range(user + 1)
    ]
    log.write_text("".join(lines))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    return lake


def test_the_answer_comes_from_the_longest_sessions_only(spark: SparkSession, lake_with_sessions: Lake) -> None:
    record = run(spark, RankingJob(lake_with_sessions, RUN_DATE, top_sessions=3, top_songs=2))
    longest = [(row[0], row[2], row[6]) for row in rows(lake_with_sessions, TOP_SESSIONS, RUN_DATE)]
    assert longest == [(1, "u5", 6), (2, "u4", 5), (3, "u3", 4)]
    assert rows(lake_with_sessions, TOP_SONGS, RUN_DATE) == [(1, "A", "hit", 3, 3, 3), (2, "A", "3.0", 1, 1, 1)]
    assert record["rows"] == {"top_sessions": 3, "top_songs": 2, "listeners": 3}


def test_only_the_buckets_of_the_chosen_users_are_read(
    spark: SparkSession, lake_with_sessions: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = ranking.rankings.listens_of
    monkeypatch.setattr(ranking.rankings, "listens_of", lambda *frames: asked.append(frames[1]) or real(*frames))
    run(spark, RankingJob(lake_with_sessions, RUN_DATE, top_sessions=1))
    plan = asked[0]._jdf.queryExecution().executedPlan().toString()
    buckets = read_listens(spark, lake_with_sessions, RUN_DATE)._jdf.queryExecution().executedPlan().toString()
    assert "SelectedBucketsCount: 2 out of 2" in buckets
    assert "SelectedBucketsCount: 1 out of 2" in plan
    assert "PushedFilters: [In(user_id, [u5])" in plan or "EqualTo(user_id,u5)" in plan


def test_the_command_line_names_lake_run_date_and_sizes() -> None:
    common = ["--lake", "/lake", "--run-date", "2009-05-04"]
    assert parse_args(common) == RankingJob(Lake("/lake"), date(2009, 5, 4), 50, 10)
    sizes = ["--top-sessions", "3", "--top-songs", "4"]
    assert parse_args([*common, *sizes]) == RankingJob(Lake("/lake"), date(2009, 5, 4), 3, 4)
    with pytest.raises(SystemExit, match="2"):
        parse_args([*common, "--top-songs", "ten"])
