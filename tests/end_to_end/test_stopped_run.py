"""A signal that stops `make run` also ends every process that it started, for every signal and every receiver."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from include.sample_data.listening import generate_log
from tests.cli.test_ui import SMALL_SPARK, runs_spark
from tests.conftest import PROJECT
from tests.stack.running import lives

pytestmark = pytest.mark.end_to_end

# It takes half as long; a slow machine may take its time.
SECONDS = 30


@pytest.fixture
def make(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A `make run`, in a process group of its own as a terminal gives it."""
    log = tmp_path / "log.tsv"
    generate_log.main([str(log), "--listens", "200", "--users", "3"])
    # The installation is that of the tests, however old its mark is.
    command = ["make", "--old-file=.venv/runtime", "run", f"INPUT={log}", f"LAKE={tmp_path / 'lake'}"]
    exported = {
        "PIPELINE_AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(SMALL_SPARK),
    }
    process = subprocess.Popen(
        [*command, "RUN_DATE=2009-05-05"],
        cwd=PROJECT,
        env={**os.environ, **exported},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    for started in family(process):
        with suppress(psutil.NoSuchProcess):
            started.kill()
    process.kill()
    process.communicate()


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def wait_for(what: Callable[[], Any], seconds: float) -> float:
    """Return how many seconds it took."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < seconds, f"not within {seconds} seconds"
        time.sleep(0.1)
    return time.monotonic() - started


@pytest.mark.parametrize(
    ("number", "receiver"),
    [
        (signal.SIGHUP, "make"),
        (signal.SIGTERM, "command"),
        pytest.param(signal.SIGTERM, "make", marks=pytest.mark.operations),
        pytest.param(signal.SIGHUP, "command", marks=pytest.mark.operations),
        pytest.param(signal.SIGKILL, "make", marks=pytest.mark.operations),
        pytest.param(signal.SIGINT, "group", marks=pytest.mark.operations),
    ],
)
def test_signal_ends_airflow_and_every_java(make: subprocess.Popen[str], number: signal.Signals, receiver: str) -> None:
    wait_for(lambda: any(map(runs_spark, family(make))), 120)
    started = family(make)
    (command,) = psutil.Process(make.pid).children()
    if receiver == "group":
        os.killpg(make.pid, number)
    else:
        os.kill(make.pid if receiver == "make" else command.pid, number)
    wait_for(lambda: not any(map(lives, started)), SECONDS)
    said, _ = make.communicate(timeout=SECONDS)
    assert "Stopped; what the run had not published yet is not in the lake." in said
    assert "Traceback" not in said
    if number != signal.SIGKILL:
        assert make.returncode == (2 if receiver == "command" else -number)
    if receiver == "command":
        assert f"Error {128 + number}" in said
