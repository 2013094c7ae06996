"""`make run` checks its arguments before anything starts."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

from cli import inputs, run_pipeline
from cli.arguments import ArgumentError
from cli.inputs import sample_log
from cli.mendable import CommandError
from cli.run_pipeline import read_arguments, run_dag
from cli.services import Services
from include.runs import run_lock
from include.runs.input_check import InputError
from spark_jobs.lake.errors import EarlierLakeError, LockedError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    log = tmp_path / "day.tsv"
    log.touch()
    return log


@pytest.fixture
def words(log: Path, tmp_path: Path) -> list[str]:
    """Return the words typed after make to run the log."""
    return [f"INPUT={log}", f"LAKE={tmp_path / 'lake'}", "RUN_DATE=2009-05-05"]


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        pytest.param("RUN_DATE", "5.5.2009", "RUN_DATE: found '5.5.2009', allowed is a date", id="no date"),
        pytest.param("RUN_DATE", "2001-12-31", "RUN_DATE: found 2001-12-31, allowed is 2002-01-01 or", id="early"),
        pytest.param("LOAD", "weekly", "load: found 'weekly', allowed is", id="neither load"),
        pytest.param("SESSION_GAP_MINUTES", "1.5", "session_gap_minutes: found 1.5, allowed is", id="no minutes"),
        pytest.param("TOP_SESSIONS", "many", "top_sessions: found 'many', allowed is an integer", id="a word"),
        pytest.param("TOP_SONGS", "-1", "top_songs: found -1, allowed is an integer", id="fewer than none"),
        pytest.param("WINDOW_DAYS", "0", "window_days: found 0, allowed is an integer", id="no days"),
        pytest.param("MIN_QUALITY_SCORE", "nan", "minimum_quality_score: found 'nan', allowed is", id="no number"),
        pytest.param("ALTERNATIVES", "maybe", "alternatives: found 'maybe', allowed is", id="neither"),
        pytest.param("INPUT", os.devnull, "no file at /dev/null (left out: /dev/null: no", id="no regular file"),
        pytest.param("INPUT", "gs://bucket/log", "found 'gs://bucket/log', allowed is a local path", id="a store"),
        pytest.param("LAKE", "/proc/lake", "the lake /proc/lake cannot be written", id="a lake nobody can write"),
    ],
)
def test_each_argument_is_checked_for_what_it_is(
    log: Path, words: list[str], variable: str, text: str, message: str
) -> None:
    log.write_text("a line\n")
    with pytest.raises((CommandError, ArgumentError, InputError), match=re.escape(message)):
        read_arguments([*words, f"{variable}={text}"])


def test_lake_of_an_earlier_version_is_refused(log: Path, words: list[str], tmp_path: Path) -> None:
    log.write_text("a line\n")
    (tmp_path / "lake" / "listens" / "run_date=2009-05-04").mkdir(parents=True)
    with pytest.raises(EarlierLakeError, match="a lake of an earlier version, it has listens/run_date=2009-05-04"):
        read_arguments(words)


def test_input_may_be_a_file_uri(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "day ü.tsv").write_text("u\t2009-05-04T12:00:00Z\t\ta\t\tt\n")
    run = read_arguments([*words, f"INPUT=file://{tmp_path}/day%20%C3%BC.tsv"])
    assert run.parameters == {"input_path": f"{tmp_path}/day ü.tsv"}


def test_input_may_be_empty_in_daily_deployment(log: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="all of them empty"):
        read_arguments(words)
    monkeypatch.setenv("PIPELINE_LISTENING_LOAD", "daily")
    assert read_arguments(words).parameters == {"input_path": str(log)}


def test_existing_sample_log_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "SAMPLES", tmp_path)
    first = sample_log(date(2009, 5, 4))
    before = first.read_bytes(), first.stat().st_mtime_ns
    second = sample_log(date(2009, 5, 5))
    assert sample_log(date(2009, 5, 4)) == first != second
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    assert b"2009-05-05T" in second.read_bytes()
    assert b"2009-05-05T" not in first.read_bytes()


def test_second_clone_waits_for_the_first(
    log: Path, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StartedError(Exception):
        pass

    def launch(*_: object) -> None:
        raise StartedError

    log.write_text("u\t2009-05-04T12:00:00Z\t\ta\t\tt\n")
    monkeypatch.setattr(run_pipeline, "RUN_HOME", tmp_path / "airflow")
    monkeypatch.setattr(Services, "launch", launch)
    run, first = read_arguments(words), "make run of /home/ann/clone with /home/ann/clone/.airflow on ann"
    run_lock.take(run.lake, first)

    with pytest.raises(LockedError, match=f"is being written by the run {first}, since"):
        run_dag(run)
    # That one has ended.
    assert run_lock.release(run.lake, first)
    with pytest.raises(StartedError):
        run_dag(run)

    run_lock.take(run.lake, first)
