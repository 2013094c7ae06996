"""The figures that the suites judge, from records and tables as runs leave them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from include import checks, data_docs
from include.checkpoint import failures, run_checkpoint
from include.records import previous_run_date, write_record
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.job import run as run_ranking
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.job import run as run_session_analysis
from spark_jobs.shared import marks, schemas
from spark_jobs.shared.buckets import listens_as_found
from spark_jobs.shared.lake import SESSIONS, Lake
from tests.frames import frame_of, sessions
from tests.logs import RUN_DATE

BEFORE = date(2009, 5, 1)


def record(listens_kept: int, **facts: Any) -> dict[str, Any]:
    warnings = {"missing_artist_id": 1, "missing_track_id": 3}
    return {
        "rows": {"lines_read": 10, "listens_kept": listens_kept, "lines_rejected": 10 - listens_kept},
        "quality_score": 10.0 * listens_kept,
        "warnings": warnings,
        "parameters": {"load": "full"},
        "input": {"files": 1},
        "lineage": {"base": None, "inputs": [{"file": "old", "bytes": 9}, {"file": "empty", "bytes": 0}]},
        "new": None,
        "log": {"listens": listens_kept, "last_listened_at": "2009-05-04T12:00:00Z"},
        **facts,
    }


def put_report(lake: Lake, name: str) -> None:
    report = Path(lake.report(RUN_DATE)).with_name(name) / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text("{}")


def test_shares_are_of_the_listens_kept() -> None:
    assert checks.quality_figures(record(4)) == {
        "quality_score": 40.0,
        "listens_kept": 4,
        "lines_rejected": 6,
        "missing_artist_id_percent": 25.0,
        "missing_track_id_percent": 75.0,
    }
    assert checks.quality_figures(record(0))["missing_track_id_percent"] == 0


def test_a_log_is_as_old_as_its_newest_listen_at_the_end_of_the_run_date(lake: Lake) -> None:
    assert checks.volume_figures(record(4), lake, RUN_DATE, None) == {"newest_listen_age_days": 0.5}
    nothing = checks.volume_figures(record(0, log={"listens": 0, "last_listened_at": None}), lake, RUN_DATE, None)
    assert nothing == {"newest_listen_age_days": float("inf")}


def test_listens_are_compared_with_those_of_the_run_date_before(lake: Lake) -> None:
    write_record(lake, "data_quality", BEFORE, record(8))
    figures = checks.volume_figures(record(2), lake, RUN_DATE, BEFORE)
    assert figures == {"newest_listen_age_days": 0.5, "listens_percent_of_previous": 25.0}


@pytest.mark.parametrize(
    ("load_before", "kept_before", "load"),
    [
        pytest.param("full", 8, "daily", id="a day and a whole log"),
        pytest.param("daily", 8, "full", id="a whole log and a day"),
        pytest.param("daily", 0, "daily", id="a day after one that added nothing"),
    ],
)
def test_what_a_day_adds_is_compared_with_days_that_added_something_alone(
    lake: Lake, load_before: str, kept_before: int, load: str
) -> None:
    write_record(lake, "data_quality", BEFORE, record(kept_before, parameters={"load": load_before}))
    now = record(2, parameters={"load": load})
    assert checks.volume_figures(now, lake, RUN_DATE, BEFORE) == {"newest_listen_age_days": 0.5}
    write_record(lake, "data_quality", BEFORE, record(8, parameters={"load": load}))
    assert checks.volume_figures(now, lake, RUN_DATE, BEFORE)["listens_percent_of_previous"] == 25.0


def test_the_run_date_before_is_the_last_earlier_one_with_a_report(lake: Lake) -> None:
    assert previous_run_date(lake, RUN_DATE) is None
    for name in ("run_date=2009-05-01", "run_date=2009-04-30", "run_date=2009-05-04", "run_date=2009-05-05"):
        put_report(lake, name)
    put_report(lake, "run_date=copy of 2009-05-02")
    Path(lake.report(date(2009, 5, 3))).mkdir()
    assert previous_run_date(lake, RUN_DATE) == BEFORE


def test_the_shape_of_sessions_is_their_mean_length_and_the_quantiles_of_length_and_speed(spark: SparkSession) -> None:
    # An hour each: of 2 tracks a minute, of 4, of 1; and one of no time at all, whose speed is that of a minute.
    made = sessions(spark, ("u", "12:00:00", 120), ("u", "15:00:00", 240), ("v", "12:00:00", 60)).unionByName(
        sessions(spark, ("v", "18:00:00", 5))
        .withColumn("ended_at", F.col("started_at"))
        .withColumn("duration_seconds", F.lit(0))
    )
    assert checks.session_figures(made) == {
        "mean_tracks": 106.25,
        "median_minutes": 60.0,
        "p99_tracks_per_minute": 5.0,
        "implausible_percent": 25.0,
        "sessions_ending_before_start": 0,
        "parts_longer_than_session": 0,
        "parts_longer_by_shorter_gap": 0,
    }


@pytest.mark.parametrize(
    ("column", "value", "figure"),
    [
        ("ended_at", "started_at - INTERVAL 1 SECOND", "sessions_ending_before_start"),
        ("longest_part_30_minutes", "track_count + 1", "parts_longer_than_session"),
        ("longest_part_10_minutes", "longest_part_30_minutes + 1", "parts_longer_by_shorter_gap"),
    ],
)
def test_sessions_that_cannot_be_are_counted(spark: SparkSession, column: str, value: str, figure: str) -> None:
    good = sessions(spark, ("u", "12:00:00", 120))
    bad = sessions(spark, ("v", "12:00:00", 9), ("v", "15:00:00", 9)).withColumn(column, F.expr(value))
    names = ("sessions_ending_before_start", "parts_longer_than_session", "parts_longer_by_shorter_gap")
    found = checks.session_figures(good.unionByName(bad))
    assert {name: found[name] for name in names} == {**dict.fromkeys(names, 0), figure: 2}


def test_sessions_of_one_name_are_counted_but_for_one_of_each(spark: SparkSession) -> None:
    made = sessions(spark, ("u", "12:00:00", 1), ("u", "15:00:00", 1), ("v", "12:00:00", 1))
    assert checks.repeated_session_ids(made) == 0
    assert checks.repeated_session_ids(made.unionByName(made.where("user_id = 'u'"))) == 2
    assert checks.repeated_session_ids(made.limit(0)) == 0


def test_users_without_a_session_now_are_gone(spark: SparkSession) -> None:
    before = sessions(spark, ("u", "12:00:00", 1), ("v", "12:00:00", 1), ("w", "12:00:00", 1), ("w", "13:00:00", 1))
    now = sessions(spark, ("u", "15:00:00", 1), ("u", "16:00:00", 1), ("new", "12:00:00", 1))
    assert checks.users_gone_percent(before, now) == pytest.approx(200 / 3)
    assert checks.users_gone_percent(before, before) == 0


def test_the_answers_flags_count_what_few_made() -> None:
    top_sessions = pd.DataFrame({"is_implausible": [True, False, True]})
    top_songs = pd.DataFrame({"session_count": [1, 2, 3], "listener_count": [1, 1, 2]})
    assert checks.answer_flags(top_sessions, top_songs) == {
        "implausible_top_sessions": 2,
        "songs_of_one_session": 1,
        "songs_of_one_listener": 2,
    }


def write_mark(partition: Path) -> None:
    (partition / f".{marks.MARK}.crc").unlink()
    sizes = {file.name: file.stat().st_size for file in partition.glob("listens-*")}
    (partition / marks.MARK).write_text(marks.mark_of(sizes))


def test_a_listen_that_is_there_twice_is_found_where_it_lies(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    played = [(1, b"t"), (2, b"t"), (2, b"t"), (3, b"t"), (3, b"x")]
    log.write_bytes(b"".join(b"u\t2009-05-01T12:00:0%dZ\t\ta\t\t%b\n" % listen for listen in played))
    figures = run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    kept = listens_as_found(spark, lake, RUN_DATE)
    assert (figures["rejected"]["duplicate"], checks.repeated_listens(kept).count()) == (1, 0)
    plan = checks.repeated_listens(kept)._jdf.queryExecution().executedPlan().toString()
    assert ("Exchange" in plan, "Sort " in plan) == (False, False)

    # The same listens once more, in the same bucket: as a broken writer would leave them.
    twice = kept.union(kept).sort(*schemas.LISTEN_KEY).collect()
    file = next(Path(lake.partition("listens", RUN_DATE)).glob("listens-*"))
    file.with_name(f".{file.name}.crc").unlink()
    frame_of(spark, twice, kept.schema).toPandas().to_parquet(file, coerce_timestamps="us")
    # It would mark its files as whole, too.
    write_mark(Path(lake.partition("listens", RUN_DATE)))
    judged = {table.suite.name: table.rows for table in checks.listens(spark, lake, RUN_DATE, "95")}
    assert judged["data_quality"]["repeated_listens"].tolist() == [4]
    assert judged["listens"].columns == kept.columns


def test_sessions_and_answer_are_judged_by_what_the_jobs_left_and_by_the_run_date_before(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    log = tmp_path / "log.tsv"
    of_u = [b"u\t2009-05-01T12:0%d:00Z\t\ta\t\tt\n" % minute for minute in range(3)]
    of_v = [b"v\t2009-05-01T%02d:00:00Z\t\ta\t\tx\n" % hour for hour in (13, 15)]
    for run_date, lines in ((BEFORE, of_u + of_v), (RUN_DATE, of_u)):
        log.write_bytes(b"".join(lines))
        run_data_quality(spark, DataQualityJob(str(log), lake, run_date))
        run_session_analysis(spark, SessionAnalysisJob(lake, run_date))
        run_ranking(spark, RankingJob(lake, run_date))
    put_report(lake, f"run_date={BEFORE}")

    made, shape = checks.sessions(spark, lake, RUN_DATE)
    assert [(row.session_id, row.track_count) for row in made.rows.collect()] == [("u-20090501T120000Z", 3)]
    assert shape.rows.to_dict("records") == [
        {
            "mean_tracks": 3.0,
            "median_minutes": 2.0,
            "p99_tracks_per_minute": 1.5,
            "implausible_percent": 0.0,
            "sessions_ending_before_start": 0,
            "parts_longer_than_session": 0,
            "parts_longer_by_shorter_gap": 0,
            "repeated_session_ids": 0,
            "users_gone_percent": 50.0,
        }
    ]
    # What is compared with, and damaged, costs the comparison.
    file = next(Path(lake.partition(SESSIONS, BEFORE)).glob("*.parquet"))
    file.write_bytes(bytes(file.stat().st_size))
    Path(lake.stage_record("data_quality", BEFORE)).unlink()
    _, alone = checks.sessions(spark, lake, RUN_DATE)
    assert alone.rows.to_dict("records") == [
        {name: value for name, value in shape.rows.to_dict("records")[0].items() if name != "users_gone_percent"}
    ]
    assert len(shape.suite.expectations) - len(alone.suite.expectations) == 1
    _, volume, _ = checks.listens(spark, lake, RUN_DATE, "95")
    assert [list(volume.rows), len(volume.suite.expectations)] == [["newest_listen_age_days"], 1]

    answer, flags = checks.top_songs(spark, lake, RUN_DATE)
    assert [tuple(row) for row in answer.rows.collect()] == [(1, "a", "t", 3, 1, 1)]
    assert flags.rows.to_dict("records") == [
        {"implausible_top_sessions": 0, "songs_of_one_session": 1, "songs_of_one_listener": 1}
    ]
    assert [table.suite.name for table in (made, shape, answer, flags)] == [
        "sessions",
        "session_shape",
        "top_songs",
        "flags",
    ]


def test_an_answer_without_a_song_is_judged_by_the_days_that_were_ranked(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(b"u\t2009-05-01T12:00:00Z\t\ta\t\tt\n")
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    run_ranking(spark, RankingJob(lake, RUN_DATE, window_days=3))
    answer, flags = checks.top_songs(spark, lake, RUN_DATE)
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
