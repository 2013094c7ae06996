from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.tables import bucket_records
from spark_jobs.lake.tries import read
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.session_analysis import busy_users
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.session_analysis.busy_users import Piece, events_of_a_task, find_pieces, sessions_in_pieces
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared.lake import Lake
from tests.frames import computed, listens
from tests.jobs import knowing, run_data_quality, run_session_analysis
from tests.lake_reader import rows
from tests.logs import RUN_DATE
from tests.notes_model.rows import Interaction
from tests.spark_jobs.session_analysis.active_time import (
    DAY,
    GAP,
    expected,
    frame,
    histories,
    interaction,
    rows_of,
)

FEW = 4


def minutes(pieces: list[Piece]) -> list[tuple[str, int, float | None, float | None]]:
    """The pieces, in minutes since noon."""
    noon = 1_241_179_200_000_000
    edges = [[None if at is None else (at - noon) / 60_000_000 for at in (one.since, one.before)] for one in pieces]
    return [(one.user, one.number, *between) for one, between in zip(pieces, edges, strict=True)]


@given(histories(1))
@example([[interaction(30 * number, DAY, str(number)) for number in range(9)]])  # one session that cannot be cut
@example([[interaction(31 * number, DAY) for number in range(9)]])  # each ends where the next one starts
def test_sessions_in_pieces_match_the_model(spark: SparkSession, history: list[list[Interaction]]) -> None:
    events = computed(frame(spark, history[0]))
    pieces = find_pieces(events, NOTES, GAP, of_a_task=FEW)
    if not pieces:
        return
    found = computed(sessions_in_pieces(events, pieces, NOTES, GAP))
    assert rows_of(found) == expected(history[0])
    firsts = [row.user_id for row in found.where("session_number = 1").collect()]
    assert sorted(firsts) == sorted({one.user_id for one in history[0]})


def test_time_is_cut_where_sessions_start(spark: SparkSession) -> None:
    times = ["12:00", "12:05", "13:00", "13:20", "13:40", "14:00", "14:21", "15:00"]
    rows = [("u", f"{time}:00") for time in times] + [("v", "12:00:00")]
    pieces = find_pieces(listens(spark, *rows), LISTENING, timedelta(minutes=20), of_a_task=2)
    # A session of four listens is a piece of its own.
    assert minutes(pieces) == [("u", 0, None, 60.0), ("u", 1, 60.0, 141.0), ("u", 2, 141.0, None)]


def test_only_very_large_buckets_are_looked_into() -> None:
    few = busy_users.FEW_EVENTS
    assert events_of_a_task([]) is None
    assert events_of_a_task([1, 2 * few]) is None
    assert events_of_a_task([1, 1, 2 * few + 1]) == few
    assert events_of_a_task([4 * few, 4 * few, 8 * few]) is None
    assert events_of_a_task([4 * few, 4 * few, 8 * few + 1]) == 4 * few


@pytest.fixture
def lake_with_a_busy_user(spark: SparkSession, lake: Lake, tmp_path: Path) -> Lake:
    log = tmp_path / "log.tsv"
    of_one = [f"busy\t2009-05-0{day}T{hour:02}:00:00Z\t\ta\t\tt\n" for day in (1, 2, 3) for hour in range(24)]
    of_others = [f"u{user}\t2009-05-01T12:{minute}:00Z\t\ta\t\tt\n" for user in range(9) for minute in (40, 10, 15)]
    log.write_text("".join(of_one + of_others))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    return lake


def test_job_cuts_the_time_of_a_busy_user(
    spark: SparkSession, lake_with_a_busy_user: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = SessionAnalysisJob(lake_with_a_busy_user, RUN_DATE)
    plain = run_session_analysis(spark, job)
    expected = sorted(rows(lake_with_a_busy_user, SESSIONS, RUN_DATE))
    # Of two buckets none can have more than twice the median.
    monkeypatch.setattr(session_analysis, "events_of_a_task", lambda _: 10)
    looked_at: list[int] = []
    real = session_analysis.sessions_in_pieces
    monkeypatch.setattr(
        session_analysis,
        "sessions_in_pieces",
        lambda events, pieces, *told: looked_at.append(len(pieces)) or real(events, pieces, *told),
    )
    cut = run_session_analysis(spark, job)
    assert looked_at == [8]
    assert sorted(rows(lake_with_a_busy_user, SESSIONS, RUN_DATE)) == expected
    told = {"events_read", "sessions", "users", "longest_session_events"}
    assert cut.model_dump(include=told) == plain.model_dump(include=told)


def test_pieces_are_read_without_a_shuffle(spark: SparkSession, lake_with_a_busy_user: Lake) -> None:
    knows = knowing(spark, lake_with_a_busy_user)
    with lake_with_a_busy_user.catalog.open() as catalog:
        snapshot = catalog.load_table(("listening", LISTENS.name)).snapshots()[-1].snapshot_id
        assert sum(bucket_records(catalog, "listening", LISTENS, snapshot)) == 72 + 27
    events = read(knows, "listening", LISTENS, snapshot)
    pieces = find_pieces(events, LISTENING, LISTENING.sessions.gap, of_a_task=10)
    assert [one.user for one in pieces] == ["busy"] * 8
    plan = sessions_in_pieces(events, pieces, LISTENING, LISTENING.sessions.gap)._jdf.queryExecution().executedPlan()
    assert "Exchange" not in plan.toString()
    assert plan.toString().count("Aggregate(") == plan.toString().count("SortAggregate(") == 9
