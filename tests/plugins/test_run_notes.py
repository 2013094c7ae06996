from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from include.runs import run_lock
from plugins.run_notes import NOTE_CHARACTERS, success_line, with_line
from plugins.run_unlocking import RunUnlocking
from spark_jobs.lake import lock
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.reports import leave_report

LINE = "Verdict: good, quality score 99.50."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, LINE, id="no note"),
        pytest.param("", LINE, id="an empty note"),
        pytest.param("Called the label.\n\nThey know.", f"Called the label.\n\nThey know.\n{LINE}", id="a person's"),
        pytest.param("Verdict: failed at ranking", LINE, id="ours of the last try"),
        pytest.param("Verdict: failed at ranking\nCleared by me.", f"Cleared by me.\n{LINE}", id="both"),
    ],
)
def test_note_keeps_peoples_text_and_one_own_line(before: str | None, after: str) -> None:
    assert with_line(before, LINE) == after
    assert with_line(after, LINE) == after


def test_long_note_is_cut_at_our_line() -> None:
    theirs = "x" * 800
    note = with_line(theirs, f"{LINE} " + "because " * 200)
    assert note.startswith(f"{theirs}\n{LINE} because because")
    assert note.endswith("because ...")
    assert NOTE_CHARACTERS - 10 < len(note) <= NOTE_CHARACTERS


def test_full_note_of_a_person_stays_unchanged() -> None:
    assert with_line("x" * 950, LINE) == "x" * 950


def test_reasons_with_line_ends_become_one_line() -> None:
    assert with_line(None, "Verdict: degraded.\nTwo\n  lines.") == "Verdict: degraded. Two lines."


@pytest.mark.parametrize(
    ("made", "line"),
    [
        pytest.param(timedelta(minutes=5), True, id="made by the run"),
        pytest.param(timedelta(minutes=-5), False, id="left by the run before"),
    ],
)
def test_the_verdict_is_of_the_run_itself(
    monkeypatch: pytest.MonkeyPatch, lake: Lake, made: timedelta, line: bool
) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    start = datetime(2026, 1, 2, tzinfo=UTC)
    directory = leave_report(lake, RUN_DATE, made_at=start + made, quality_score=99.5)
    run: Any = SimpleNamespace(logical_date=datetime(2009, 5, 4, tzinfo=UTC), start_date=start)
    assert success_line(run) == (f"{LINE} Report: {directory}/report.html." if line else None)


def test_a_run_without_a_report_gets_no_verdict(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    run: Any = SimpleNamespace(logical_date=datetime(2009, 5, 4, tzinfo=UTC), start_date=None)
    assert success_line(run) is None


@pytest.mark.parametrize(("of_dag", "left"), [("listening", False), ("another_dag", True)])
def test_run_that_has_ended_holds_no_lock(monkeypatch: pytest.MonkeyPatch, lake: Lake, of_dag: str, left: bool) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    run_lock.take(lake, "scheduled__1")
    ended: Any = SimpleNamespace(dag_id=of_dag, run_id="scheduled__1")
    RunUnlocking().on_dag_run_failed(ended, "timed_out")
    assert run_lock.release(lake, "scheduled__1") == left


def test_maintenance_that_has_ended_holds_no_lock(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    run_lock.take(lake, "lake_maintenance scheduled__1")
    for dag_id, left in (("listening", True), ("lake_maintenance", False)):
        RunUnlocking().on_dag_run_failed(SimpleNamespace(dag_id=dag_id, run_id="scheduled__1"), "")  # type: ignore[arg-type]
        with lake.catalog.open() as catalog:
            assert bool(lock.holder(catalog, "listening")) == left


def test_lock_of_another_run_stays(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    run_lock.take(lake, "scheduled__2")
    ended: Any = SimpleNamespace(dag_id="listening", run_id="scheduled__1")
    RunUnlocking().on_dag_run_success(ended, "")
    assert run_lock.release(lake, "scheduled__2")


def test_lock_that_cannot_be_released_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", "/proc/lake")
    ended: Any = SimpleNamespace(dag_id="listening", run_id="scheduled__1")
    RunUnlocking().on_dag_run_failed(ended, "timed_out")
    assert "The run scheduled__1 may still hold the lock of its log" in caplog.text
