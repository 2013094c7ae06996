from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.session_analysis.job import SessionAnalysisJob, parse_args, run
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared import storage
from spark_jobs.shared.buckets import read_listens
from spark_jobs.shared.errors import MissingPartitionError
from spark_jobs.shared.lake import SESSIONS, Lake
from tests.frames import at
from tests.lake_reader import rows
from tests.logs import RUN_DATE


@pytest.fixture
def lake_with_listens(spark: SparkSession, lake: Lake, tmp_path: Path) -> Lake:
    log = tmp_path / "log.tsv"
    times = [f"u{user}\t2009-05-01T12:{minute}:00Z\t\ta\t\tt\n" for user in range(9) for minute in (40, 10, 15)]
    log.write_text("".join(times))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    return lake


def test_sessions_are_made_where_the_listens_lie_without_shuffle_and_summed_up_one_after_the_other(
    spark: SparkSession, lake_with_listens: Lake
) -> None:
    log = storage.read_log(spark, lake_with_listens, RUN_DATE)
    listens = read_listens(spark, lake_with_listens, log.parts)
    plan = summarize_sessions(sessionize(listens))._jdf.queryExecution().executedPlan().toString()
    assert "Bucketed: true" in plan
    assert "Exchange" not in plan
    # By session they are in order already, which Spark cannot know; by time it does.
    assert re.findall(r"Sort \[(\w+)#\S+ ASC NULLS FIRST, (\w+)#", plan) == [("user_id", "session_number")]
    assert plan.count("Sort ") == plan.count("Aggregate(") == plan.count("SortAggregate(") == 1


def test_the_sessions_of_a_run_are_published_with_its_record(spark: SparkSession, lake_with_listens: Lake) -> None:
    record = run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE, timedelta(minutes=20)))
    expected = []
    for user in (f"u{number}" for number in range(9)):
        expected.append((f"{user}-20090501T121000Z", user, at("12:10:00"), at("12:15:00"), 300, 2, 1, False, 2, 2))
        expected.append((f"{user}-20090501T124000Z", user, at("12:40:00"), at("12:40:00"), 0, 1, 1, False, 1, 1))
    assert sorted(rows(lake_with_listens, SESSIONS, RUN_DATE)) == expected
    assert record["rows"] == {"listens_read": 27, "sessions": 18, "users": 9}
    assert (record["longest_session_tracks"], record["implausible_sessions"]) == (2, 0)


def test_a_run_stopped_as_it_publishes_leaves_no_record_of_another_gap_beside_its_sessions(
    spark: SparkSession, lake_with_listens: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE, timedelta(minutes=20)))
    monkeypatch.setattr(storage, "write_stage_record", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE, timedelta(minutes=30)))
    assert len(rows(lake_with_listens, SESSIONS, RUN_DATE)) == 9
    assert not Path(lake_with_listens.stage_record("session_analysis", RUN_DATE)).exists()


def test_sessions_without_listens_fail_and_say_what_to_run(spark: SparkSession, lake: Lake) -> None:
    with pytest.raises(
        MissingPartitionError, match="data_quality.json does not exist; run data_quality for 2009-05-04"
    ):
        run(spark, SessionAnalysisJob(lake, RUN_DATE))


def test_the_command_line_names_lake_run_date_and_gap(capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--lake", "/lake", "--run-date", "2009-05-04"]
    day = date(2009, 5, 4)
    assert parse_args(common) == SessionAnalysisJob(Lake("/lake"), day, timedelta(minutes=20))
    set_to = parse_args([*common, "--session-gap-minutes", "7"])
    assert set_to == SessionAnalysisJob(Lake("/lake"), day, timedelta(minutes=7))
    with pytest.raises(SystemExit, match="2"):
        parse_args([*common, "--session-gap-minutes", "0"])
    assert "found '0', allowed is a whole number from 1" in capsys.readouterr().err
