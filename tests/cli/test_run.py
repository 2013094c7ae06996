"""`make run` checks its arguments before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer import BadParameter

from cli import dag_run, inputs, run
from cli.dag_run import Run, run_dag
from cli.inputs import sample_log
from cli.program import command_of
from cli.run import checked, main_of
from cli.services import Services
from include.runs import run_lock
from include.runs.input_check import InputError
from spark_jobs.lake.errors import EarlierLakeError, LockedError
from spark_jobs.logs.listening.contract import LISTENING

Read = Callable[..., Run]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    log = tmp_path / "day.tsv"
    log.touch()
    return log


@pytest.fixture
def options(log: Path, tmp_path: Path) -> list[str]:
    """Return the options with which the log is run."""
    return [f"--input={log}", f"--lake={tmp_path / 'lake'}", "--run-date=2009-05-05"]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the options of `run`, and return what it would run."""

    class ReadError(Exception):
        pass

    def read(*options: str) -> Run:
        found: list[Run] = []

        def keep(*given: Any) -> None:
            found.append(checked(*given))
            raise ReadError

        monkeypatch.setattr(run, "checked", keep)
        monkeypatch.setattr(run, "stop_at_signals", lambda: None)
        monkeypatch.setattr(run, "told_in_a_line", lambda _: nullcontext())
        with pytest.raises(ReadError):
            command_of(main_of("listening"), "run").main([*options], standalone_mode=False)
        return found[0]

    return read


@pytest.mark.parametrize(
    ("option", "message"),
    [
        pytest.param("--run-date=5.5.2009", "found '5.5.2009', allowed is a date as YYYY-MM-DD", id="no date"),
        pytest.param("--run-date=2001-12-31", "found 2001-12-31, allowed is 2002-01-01 or later", id="early"),
        pytest.param("--load=weekly", "found 'weekly', allowed is", id="neither load"),
        pytest.param("--session-gap-minutes=1.5", "found 1.5, allowed is an integer", id="no minutes"),
        pytest.param("--top-sessions=many", "found 'many', allowed is an integer", id="a word"),
        pytest.param("--top-songs=-1", "found -1, allowed is an integer", id="fewer than none"),
        pytest.param("--window-days=0", "found 0, allowed is an integer", id="no days"),
        pytest.param("--min-quality-score=nan", "found 'nan', allowed is", id="no number"),
        pytest.param("--alternatives=maybe", "found 'maybe', allowed is", id="neither"),
        pytest.param(f"--input={os.devnull}", "no file at /dev/null (left out: /dev/null: no", id="no regular file"),
        pytest.param("--input=gs://bucket/log", "found 'gs://bucket/log', allowed is a local path", id="a store"),
        pytest.param("--lake=/proc/lake", "the lake /proc/lake cannot be written", id="a lake nobody can write"),
    ],
)
def test_each_argument_is_checked_for_what_it_is(
    log: Path, options: list[str], read: Read, option: str, message: str
) -> None:
    log.write_text("a line\n")
    with pytest.raises((BadParameter, InputError), match=re.escape(message)):
        read(*options, option)


def test_lake_of_an_earlier_version_is_refused(log: Path, options: list[str], read: Read, tmp_path: Path) -> None:
    log.write_text("a line\n")
    (tmp_path / "lake" / "listens" / "run_date=2009-05-04").mkdir(parents=True)
    with pytest.raises(EarlierLakeError, match="a lake of an earlier version, it has listens/run_date=2009-05-04"):
        read(*options)


def test_input_may_be_a_file_uri(tmp_path: Path, options: list[str], read: Read) -> None:
    (tmp_path / "day ü.tsv").write_text("u\t2009-05-04T12:00:00Z\t\ta\t\tt\n")
    found = read(*options, f"--input=file://{tmp_path}/day%20%C3%BC.tsv")
    assert found.parameters == {"input_path": f"{tmp_path}/day ü.tsv"}


def test_input_may_be_empty_in_daily_deployment(
    log: Path, options: list[str], read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="all of them empty"):
        read(*options)
    monkeypatch.setenv("PIPELINE_LISTENING_LOAD", "daily")
    assert read(*options).parameters == {"input_path": str(log)}


def test_existing_sample_log_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "SAMPLES", tmp_path)
    first = sample_log(LISTENING, date(2009, 5, 4))
    before = first.read_bytes(), first.stat().st_mtime_ns
    second = sample_log(LISTENING, date(2009, 5, 5))
    assert sample_log(LISTENING, date(2009, 5, 4)) == first != second
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    assert b"2009-05-05T" in second.read_bytes()
    assert b"2009-05-05T" not in first.read_bytes()


def test_second_clone_waits_for_the_first(
    log: Path, options: list[str], read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StartedError(Exception):
        pass

    def launch(*_: object) -> None:
        raise StartedError

    log.write_text("u\t2009-05-04T12:00:00Z\t\ta\t\tt\n")
    monkeypatch.setattr(dag_run, "RUN_HOME", tmp_path / "airflow")
    monkeypatch.setattr(Services, "launch", launch)
    given, first = read(*options), "make run of /home/ann/clone with /home/ann/clone/.airflow on ann"
    run_lock.take(given.lake, first)

    with pytest.raises(LockedError, match=f"is being written by the run {first}, since"):
        run_dag(given)
    # That one has ended.
    assert run_lock.release(given.lake, first)
    with pytest.raises(StartedError):
        run_dag(given)

    run_lock.take(given.lake, first)
