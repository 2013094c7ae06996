from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from cli import stages
from tests.dags.test_listening import CHAIN

START, END = "info [DAG TEST] starting task_id={} map_index=-1", "info [DAG TEST] end task task_id={} map_index=-1"
FAILED = "error Task failed with exception"
# As Airflow 3.3.2 says it: while a stage waits for its next try, and while the stages after a failed one are given up.
PAUSED = (
    "warning No tasks to run. unrunnable tasks: {<TaskInstance: probe.bad manual__x [up_for_retry] ti_id=1>, "
    "<TaskInstance: probe.s1 manual__x [None] ti_id=2>}"
)
GIVEN_UP = "warning No tasks to run. unrunnable tasks: {<TaskInstance: probe.s2 manual__x [None] ti_id=3>}"


def log(seconds: float = 0) -> Iterator[str]:
    yield from ("INFO - filling up the DagBag", START.format("check_input"), END.format("check_input"))
    yield from (START.format("ranking"), FAILED, END.format("ranking"), PAUSED)
    time.sleep(seconds)
    yield START.format("ranking")
    time.sleep(seconds)
    yield END.format("ranking")


def test_each_try_is_one_line_in_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    stages.show_stages(log())
    # How long each took is not what this is about.
    assert re.sub(r"\d+ s", "0 s", capsys.readouterr().out).splitlines() == [
        "  check_input           0 s",
        "  ranking               0 s  failed",
        "  ranking               0 s",
    ]


def test_a_stage_is_told_as_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    def unfinished() -> Iterator[str]:
        yield from (START.format("check_input"), END.format("check_input"))
        assert capsys.readouterr().out.startswith("  check_input ")

    stages.show_stages(unfinished())


def test_terminal_shows_running_stage_with_ticking_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(stages, "console", terminal)
    stages.show_stages(log(seconds=1.3))
    shown = terminal.file.getvalue()
    assert "waits to be tried again" in shown
    ticking = [line for line in shown.splitlines() if "ranking: Spark ranks the sessions and their songs" in line]
    assert {clock for clock in ("0:00:00", "0:00:01") if any(clock in line for line in ticking)} == {
        "0:00:00",
        "0:00:01",
    }
    assert "the whole run" in shown


def test_last_failure_promises_no_other_try(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(stages, "console", terminal)

    def last_try() -> Iterator[str]:
        yield from (START.format("ranking"), FAILED, END.format("ranking"), GIVEN_UP)
        # A frame of the screen.
        time.sleep(0.3)

    stages.show_stages(last_try())
    assert "tried again, which may mend it" not in terminal.file.getvalue()
    assert "is not tried again: Airflow ends the run" in terminal.file.getvalue()


def test_every_task_of_the_dag_is_described() -> None:
    assert list(stages.WORK) == CHAIN
