from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.published import Published
from spark_jobs.lake.stamps import Stamp, stamp_of
from spark_jobs.lake.tries import read
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.session_analysis.job import SessionAnalysisJob, parse_args
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.documents import read_record, write_record
from spark_jobs.shared.errors import MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord
from tests.frames import at
from tests.jobs import knowing, run_data_quality
from tests.jobs import run_session_analysis as run
from tests.lake_reader import rows
from tests.logs import GAP, RUN_DATE


@pytest.fixture
def lake_with_listens(spark: SparkSession, lake: Lake, tmp_path: Path) -> Lake:
    log = tmp_path / "log.tsv"
    times = [f"u{user}\t2009-05-01T12:{minute}:00Z\t\ta\t\tt\n" for user in range(9) for minute in (40, 10, 15)]
    log.write_text("".join(times))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    return lake


def test_plan_has_no_shuffle_and_sums_sorted_sessions(spark: SparkSession, lake_with_listens: Lake) -> None:
    snapshot = read_record(lake_with_listens, DataQualityRecord, RUN_DATE).snapshots[LISTENS.name]
    listens = read(knowing(spark, lake_with_listens), "listening", LISTENS, snapshot)
    plan = (
        summarize_sessions(sessionize(listens, LISTENING, GAP), LISTENING)
        ._jdf.queryExecution()
        .executedPlan()
        .toString()
    )
    assert "Exchange" not in plan
    # Once by time, as files may be several, and once by session: they are in that order, which Spark cannot know.
    assert re.findall(r"Sort \[(\w+)#\S+ ASC NULLS FIRST, (\w+)#", plan) == [
        ("user_id", "session_number"),
        ("user_id", "listened_at"),
    ]
    assert plan.count("Aggregate(") == plan.count("SortAggregate(") == 1


def test_sessions_are_published_with_their_record(spark: SparkSession, lake_with_listens: Lake) -> None:
    record = run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE, timedelta(minutes=20)))
    expected = []
    for user in (f"u{number}" for number in range(9)):
        expected.append((f"{user}-20090501T121000Z", user, at("12:10:00"), at("12:15:00"), 300, 2, 1, False))
        expected.append((f"{user}-20090501T124000Z", user, at("12:40:00"), at("12:40:00"), 0, 1, 1, False))
    assert sorted(rows(lake_with_listens, SESSIONS, RUN_DATE)) == expected
    assert (record.events_read, record.sessions, record.users) == (27, 18, 9)
    assert (record.longest_session_events, record.implausible_sessions) == (2, 0)


def test_sessions_are_of_the_listens_that_are_named(spark: SparkSession, lake_with_listens: Lake) -> None:
    listens = read_record(lake_with_listens, DataQualityRecord, RUN_DATE).snapshots[LISTENS.name]
    record = run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE, events=listens, run_id="a run"))
    assert (record.run_id, record.made_from) == ("a run", {LISTENS.name: listens})
    with lake_with_listens.catalog.open() as catalog:
        stamp = stamp_of(catalog.load_table(("listening", SESSIONS.name)), record.snapshots[SESSIONS.name])
    assert stamp == Stamp(RUN_DATE, "a run", "session_analysis", {LISTENS.name: listens})
    with pytest.raises(
        OtherRecordError, match=f"tells of the snapshot {listens} of listens, not of 7; run data_quality"
    ):
        run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE, events=7))


def test_expired_base_is_not_taken_over(spark: SparkSession, lake_with_listens: Lake) -> None:
    record = read_record(lake_with_listens, DataQualityRecord, RUN_DATE)
    expired = {LISTENS.name: 7, SESSIONS.name: 8}
    added = record.model_copy(update={"base": Published(RUN_DATE - timedelta(days=1), "expired", expired)})
    write_record(lake_with_listens.stage_record("data_quality", RUN_DATE), added)
    assert run(spark, SessionAnalysisJob(lake_with_listens, RUN_DATE)).sessions == 18


def test_missing_listens_name_the_stage_to_run(spark: SparkSession, lake: Lake) -> None:
    with pytest.raises(MissingRecordError, match="data_quality.json does not exist; run data_quality for 2009-05-04"):
        run(spark, SessionAnalysisJob(lake, RUN_DATE))


def test_command_line_names_lake_date_and_gap(capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--lake", "/lake", "--log", "listening", "--run-date", "2009-05-04"]
    day = date(2009, 5, 4)
    assert parse_args(common) == SessionAnalysisJob(Lake("/lake", "listening"), day)
    assert parse_args(common).gap == timedelta(minutes=20)
    set_to = parse_args([*common, "--session-gap-minutes", "7"])
    assert set_to == SessionAnalysisJob(Lake("/lake", "listening"), day, timedelta(minutes=7))
    told = parse_args([*common, "--events", "7", "--run-id", "r", "--record", "/r.json"])
    assert told == SessionAnalysisJob(Lake("/lake", "listening"), day, None, 7, "r", "/r.json")
    assert parse_args([*common, "--events", ""]).events is None
    with pytest.raises(SystemExit, match="2"):
        parse_args([*common, "--session-gap-minutes", "0"])
    assert "found '0', allowed is a whole number from 1" in capsys.readouterr().err
