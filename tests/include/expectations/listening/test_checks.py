"""The figures that the suites judge, from records and tables as runs leave them."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from include.expectations import data_docs
from include.expectations.any_log import checks as any_log
from include.expectations.checkpoint import failures, run_checkpoint
from include.expectations.listening import checks
from include.runs.records import previous_run_date
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tries import new_try, read
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.errors import OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord
from tests.frames import sessions
from tests.jobs import knowing, publish_run, run_data_quality, run_ranking, run_session_analysis
from tests.logs import RUN_DATE
from tests.published import leave_record, publish_tables, write_tables
from tests.records import counted, told

BEFORE = date(2009, 5, 1)


def record(accepted: int, **facts: Any) -> dict[str, Any]:
    return {
        "counts": counted(10, accepted, 10 - accepted),
        "quality_score": 10.0 * accepted,
        "warnings": {"missing_artist_id": 1, "missing_track_id": 3},
        "input": {"files": 1},
        "inputs": [{"file": "old", "bytes": 9, "modified_ms": 1}, {"file": "empty", "bytes": 0, "modified_ms": 1}],
        "log": {"events": accepted, "last_event_at": "2009-05-04T12:00:00Z"},
        **facts,
    }


def quality(accepted: int, **facts: Any) -> DataQualityRecord:
    return told(LISTENING, "data_quality", RUN_DATE, record(accepted, **facts))


def publish_answer(lake: Lake, *run_dates: date) -> None:
    for day in run_dates:
        publish_tables(lake, day, write_tables(lake, day, {ANSWER.name: []}))


def test_shares_are_of_the_accepted_listens() -> None:
    assert checks.missing_percents(quality(4)) == {
        "missing_artist_id_percent": 25.0,
        "missing_track_id_percent": 75.0,
    }
    assert checks.missing_percents(quality(0))["missing_track_id_percent"] == 0


def test_age_of_log_is_age_of_newest_listen(lake: Lake) -> None:
    assert checks.volume_counts(quality(4), lake, RUN_DATE, None) == {"newest_listen_age_days": 0.5}
    nothing = checks.volume_counts(quality(0, log={"events": 0, "last_event_at": None}), lake, RUN_DATE, None)
    assert nothing == {"newest_listen_age_days": float("inf")}


def test_listens_are_compared_with_previous_run_date(lake: Lake) -> None:
    leave_record(lake, "data_quality", BEFORE, record(8))
    publish_answer(lake, BEFORE)
    figures = checks.volume_counts(quality(2), lake, RUN_DATE, BEFORE)
    assert figures == {"newest_listen_age_days": 0.5, "listens_percent_of_previous": 25.0}


@pytest.mark.parametrize(
    ("load_before", "kept_before", "load"),
    [
        pytest.param("full", 8, "daily", id="a day and a whole log"),
        pytest.param("daily", 8, "full", id="a whole log and a day"),
        pytest.param("daily", 0, "daily", id="a day after one that added nothing"),
    ],
)
def test_loads_compare_only_with_nonempty_loads_alike(
    lake: Lake, load_before: str, kept_before: int, load: str
) -> None:
    leave_record(lake, "data_quality", BEFORE, record(kept_before, parameters={"load": load_before}))
    publish_answer(lake, BEFORE)
    now = quality(2, parameters={"load": load})
    assert checks.volume_counts(now, lake, RUN_DATE, BEFORE) == {"newest_listen_age_days": 0.5}
    leave_record(lake, "data_quality", BEFORE, record(8, parameters={"load": load}))
    publish_answer(lake, BEFORE)
    assert checks.volume_counts(now, lake, RUN_DATE, BEFORE)["listens_percent_of_previous"] == 25.0


def test_run_date_before_is_the_last_published_one(lake: Lake) -> None:
    assert previous_run_date(lake, RUN_DATE) is None
    publish_answer(lake, date(2009, 4, 30), BEFORE, RUN_DATE, date(2009, 5, 5))
    assert previous_run_date(lake, RUN_DATE) == BEFORE


def test_sessions_are_measured_by_length_and_speed(spark: SparkSession) -> None:
    # Three sessions of an hour have 2, 4 and 1 tracks a minute. One has zero seconds; its speed is that of a minute.
    made = sessions(spark, ("u", "12:00:00", 120), ("u", "15:00:00", 240), ("v", "12:00:00", 60)).unionByName(
        sessions(spark, ("v", "18:00:00", 5))
        .withColumn("ended_at", F.col("started_at"))
        .withColumn("duration_seconds", F.lit(0))
    )
    assert any_log.session_counts(made, checks.measured()) == {
        "mean_tracks": 106.25,
        "median_minutes": 60.0,
        "p99_tracks_per_minute": 5.0,
        "implausible_percent": 25.0,
        "sessions_ending_before_start": 0,
    }


def test_sessions_ending_before_start_are_counted(spark: SparkSession) -> None:
    good = sessions(spark, ("u", "12:00:00", 120))
    bad = sessions(spark, ("v", "12:00:00", 9), ("v", "15:00:00", 9)).withColumn(
        "ended_at", F.expr("started_at - INTERVAL 1 SECOND")
    )
    assert any_log.session_counts(good, {})["sessions_ending_before_start"] == 0
    assert any_log.session_counts(good.unionByName(bad), {})["sessions_ending_before_start"] == 2


def test_repeated_session_ids_are_counted(spark: SparkSession) -> None:
    made = sessions(spark, ("u", "12:00:00", 1), ("u", "15:00:00", 1), ("v", "12:00:00", 1))
    assert any_log.repeated_session_ids(made) == 0
    assert any_log.repeated_session_ids(made.unionByName(made.where("user_id = 'u'"))) == 2
    assert any_log.repeated_session_ids(made.limit(0)) == 0


def test_users_without_a_session_now_are_gone(spark: SparkSession) -> None:
    before = sessions(spark, ("u", "12:00:00", 1), ("v", "12:00:00", 1), ("w", "12:00:00", 1), ("w", "13:00:00", 1))
    now = sessions(spark, ("u", "15:00:00", 1), ("u", "16:00:00", 1), ("new", "12:00:00", 1))
    assert checks.users_gone_percent(before, now) == pytest.approx(200 / 3)
    assert checks.users_gone_percent(before, before) == 0


def test_answer_counts_what_few_made() -> None:
    top_sessions = pd.DataFrame({"is_implausible": [True, False, True]})
    top_songs = pd.DataFrame(
        {"rank": [2, 1, 3], "play_count": [8, 9, 8], "session_count": [1, 2, 3], "listener_count": [1, 1, 2]}
    )
    assert checks.answer_counts(top_sessions, top_songs) == {
        "plays_above_those_of_the_rank_before": 0,
        "implausible_top_sessions": 2,
        "songs_of_one_session": 1,
        "songs_of_one_listener": 2,
    }


def test_songs_outplaying_the_rank_before_are_counted() -> None:
    songs = pd.DataFrame({"rank": [3, 1, 2], "play_count": [4, 3, 2], "session_count": 1, "listener_count": 1})
    no_session = pd.DataFrame({"is_implausible": []})
    assert checks.answer_counts(no_session, songs)["plays_above_those_of_the_rank_before"] == 1


def test_repeated_listen_is_found_without_a_shuffle(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    played = [(1, b"t"), (2, b"t"), (2, b"t"), (3, b"t"), (3, b"x")]
    log.write_bytes(b"".join(b"u\t2009-05-01T12:00:0%dZ\t\ta\t\t%b\n" % listen for listen in played))
    figures = run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    spark = knowing(spark, lake)
    kept = read(spark, "listening", LISTENS, figures.snapshots["listens"])
    assert (figures.rejected["duplicate"], any_log.repeated_events(kept, LISTENING).count()) == (1, 0)
    plan = any_log.repeated_events(kept, LISTENING)._jdf.queryExecution().executedPlan().toString()
    assert "Exchange" not in plan

    # The same listens once more, as a broken writer would leave them.
    stage = new_try(lake.catalog, "listening", Stamp(RUN_DATE, "manual", "data_quality"))
    twice = stage.add(kept, LISTENS, figures.snapshots["listens"])
    snapshots = {**figures.snapshots, "listens": twice}
    leave_record(lake, "data_quality", RUN_DATE, {**figures.model_dump(), "snapshots": snapshots})
    looked_at = {table.suite.name: table.rows for table in checks.listens(spark, lake, RUN_DATE, snapshots, "95")}
    assert looked_at["data_quality"]["repeated_events"].tolist() == [4]
    assert looked_at["data_quality"]["events_in_table"].tolist() == [8]
    assert looked_at["data_quality"]["rejected_in_table"].tolist() == [1]
    assert looked_at["listens"].columns == kept.columns


def test_daily_load_is_judged_by_what_it_adds(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    for run_date, listens in ((BEFORE, 3), (RUN_DATE, 2)):
        log = tmp_path / f"{run_date}.tsv"
        line = f"u\t{run_date}T12:00:0%dZ\t\ta\t\tt\n"
        log.write_text("".join(line % second for second in range(listens)) + "no listen\n" * (listens - 1))
        figures = run_data_quality(spark, DataQualityJob(str(log), lake, run_date, load=loads.DAILY))
        run_session_analysis(spark, SessionAnalysisJob(lake, run_date))
        run_ranking(spark, RankingJob(lake, run_date))
        publish_run(lake, run_date)
    tables = checks.listens(knowing(spark, lake), lake, RUN_DATE, figures.snapshots, "95")
    looked_at = {table.suite.name: table.rows for table in tables}
    assert looked_at["data_quality"]["events_in_table"].tolist() == [5]
    assert looked_at["data_quality"]["rejected_in_table"].tolist() == [figures.counts.records_rejected] == [1]
    assert sorted(str(row.listened_at.date()) for row in looked_at["listens"].collect()) == [str(RUN_DATE)] * 2


def test_record_of_a_later_try_is_not_judged(spark: SparkSession, lake: Lake) -> None:
    leave_record(lake, "data_quality", RUN_DATE, record(8, snapshots={"listens": 7}))
    with pytest.raises(OtherRecordError, match="the snapshot 7 of listens, not of 6"):
        checks.sessions(spark, lake, RUN_DATE, {"sessions": 5, "listens": 6})


def data_files(lake: Lake, run_date: date) -> list[Path]:
    """The files of the sessions of a published date."""
    with lake.catalog.open() as catalog:
        found = catalog.load_table(("listening", SESSIONS.name))
        snapshot = found.metadata.refs[str(run_date)].snapshot_id
        tasks = found.scan(snapshot_id=snapshot).plan_files()
        return [Path(task.file.file_path.removeprefix("file:")) for task in tasks]


def test_checks_judge_tables_by_records_and_previous_date(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    of_u = [b"u\t2009-05-01T12:0%d:00Z\t\ta\t\tt\n" % minute for minute in range(3)]
    of_v = [b"v\t2009-05-01T%02d:00:00Z\t\ta\t\tx\n" % hour for hour in (13, 15)]
    for run_date, lines in ((BEFORE, of_u + of_v), (RUN_DATE, of_u)):
        log.write_bytes(b"".join(lines))
        run_data_quality(spark, DataQualityJob(str(log), lake, run_date))
        run_session_analysis(spark, SessionAnalysisJob(lake, run_date))
        run_ranking(spark, RankingJob(lake, run_date))
        snapshots = publish_run(lake, run_date)
    spark = knowing(spark, lake)

    made, shape = checks.sessions(spark, lake, RUN_DATE, snapshots)
    assert [(row.session_id, row.track_count) for row in made.rows.collect()] == [("u-20090501T120000Z", 3)]
    assert shape.rows.to_dict("records") == [
        {
            "mean_tracks": 3.0,
            "median_minutes": 2.0,
            "p99_tracks_per_minute": 1.5,
            "implausible_percent": 0.0,
            "sessions_ending_before_start": 0,
            "repeated_session_ids": 0,
            "users_gone_percent": 50.0,
        }
    ]
    # A damaged earlier date costs only the comparison.
    for file in data_files(lake, BEFORE):
        file.unlink()
    shutil.rmtree(Path(lake.stage_record("data_quality", BEFORE)).parent)
    _, alone = checks.sessions(spark, lake, RUN_DATE, snapshots)
    assert alone.rows.to_dict("records") == [
        {name: value for name, value in shape.rows.to_dict("records")[0].items() if name != "users_gone_percent"}
    ]
    assert len(shape.suite.expectations) - len(alone.suite.expectations) == 1
    _, volume, _ = checks.listens(spark, lake, RUN_DATE, snapshots, "95")
    assert [list(volume.rows), len(volume.suite.expectations)] == [["newest_listen_age_days"], 1]

    answer, flags = checks.top_songs(spark, lake, RUN_DATE, snapshots)
    assert [tuple(row) for row in answer.rows.collect()] == [(1, "a", "t", 3, 1, 1)]
    assert flags.rows.to_dict("records") == [
        {
            "plays_above_those_of_the_rank_before": 0,
            "implausible_top_sessions": 0,
            "songs_of_one_session": 1,
            "songs_of_one_listener": 1,
        }
    ]
    assert [table.suite.name for table in (made, shape, answer, flags)] == [
        "sessions",
        "session_shape",
        "top_songs",
        "order_and_flags",
    ]


def test_empty_answer_is_judged_by_its_window(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(b"u\t2009-05-01T12:00:00Z\t\ta\t\tt\n")
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    run_ranking(spark, RankingJob(lake, RUN_DATE, window_days=3))
    snapshots, spark = publish_run(lake, RUN_DATE), knowing(spark, lake)
    answer, flags = checks.top_songs(spark, lake, RUN_DATE, snapshots)
    results = [run_checkpoint("check", table, RUN_DATE, str(tmp_path)) for table in (answer, flags)]
    found = [(failure.severity.value, failure.sentence) for result in results for failure in failures(result)]
    assert found == [
        (
            "warning",
            "top_songs: expected: there is a song, of a session that started in the 3 days up to the run date's end; "
            "found 0 (expect_table_row_count_to_be_between)",
        )
    ]


def test_only_so_many_results_of_a_suite_stay(tmp_path: Path) -> None:
    times = [f"run date 2009-05-0{day}/2026010{day}T000000.000000Z" for day in range(1, 6)]
    for suite in ("listens", "sessions"):
        for time in times:
            (tmp_path / "results" / suite / time).mkdir(parents=True)
            (tmp_path / "results" / suite / time / "lake-x.json").write_text(json.dumps({}))
    data_docs.prune(tmp_path, "listens", keep=2)
    data_docs.prune(tmp_path, "none of this name", keep=2)
    assert sorted(path.parent.name for path in tmp_path.glob("results/listens/*/*")) == [
        "run date 2009-05-04",
        "run date 2009-05-05",
    ]
    assert len(list(tmp_path.glob("results/sessions/*/*"))) == 5
