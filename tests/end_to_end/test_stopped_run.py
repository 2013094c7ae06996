"""A signal that stops `make run` also ends every process that it started, for every signal and every receiver."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from include.deployment.spark_connect import TOKEN
from include.sample_data.listening import generate_log
from tests.cli.test_ui import SMALL_SPARK, runs_spark
from tests.conftest import PROJECT
from tests.faults.processes import end
from tests.stack.running import lives
from tests.warm_server import wait_for

pytestmark = pytest.mark.end_to_end

# It takes half as long; a slow machine may take its time.
SECONDS = 30


@pytest.fixture(params=["warm"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A `make run`, in a process group of its own as a terminal gives it, with a warm server or embedded Sparks."""
    log, scratch = tmp_path / "log.tsv", tmp_path / "scratch"
    scratch.mkdir()
    generate_log.main([str(log), "--listens", "200", "--users", "3"])
    # The installation is that of the tests, however old its mark is.
    command = ["make", "--old-file=.venv/runtime", "run", f"INPUT={log}", f"LAKE={tmp_path / 'lake'}"]
    exported = {"PIPELINE_AIRFLOW_HOME": str(tmp_path / "airflow"), "TMPDIR": str(scratch)}
    if request.param == "embedded":
        exported["AIRFLOW_CONN_SPARK_DEFAULT"] = json.dumps(SMALL_SPARK)
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


def runs_job(process: psutil.Process) -> bool:
    """Is it the Java of a job's spark-submit, with a Spark of its own or as a server's client?"""
    with suppress(psutil.NoSuchProcess):
        return runs_spark(process) and any(part.endswith("/data_quality/job.py") for part in process.cmdline())
    return False


def keeps_server(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "include.deployment.connect_server" in process.cmdline()
    return False


@pytest.mark.parametrize(
    ("make", "number", "receiver"),
    [
        ("warm", signal.SIGHUP, "make"),
        ("warm", signal.SIGTERM, "command"),
        pytest.param("embedded", signal.SIGTERM, "make", marks=pytest.mark.operations),
        pytest.param("embedded", signal.SIGHUP, "command", marks=pytest.mark.operations),
        pytest.param("warm", signal.SIGKILL, "make", marks=pytest.mark.operations),
        pytest.param("warm", signal.SIGINT, "group", marks=pytest.mark.operations),
    ],
    indirect=["make"],
)
def test_signal_ends_airflow_and_every_java(
    make: subprocess.Popen[str], number: signal.Signals, receiver: str, tmp_path: Path
) -> None:
    wait_for(lambda: any(map(runs_job, family(make))), 120)
    started = family(make)
    tokens = [keeper.environ()[TOKEN] for keeper in filter(keeps_server, started)]
    (command,) = psutil.Process(make.pid).children()
    if receiver == "group":
        os.killpg(make.pid, number)
    else:
        os.kill(make.pid if receiver == "make" else command.pid, number)
    wait_for(lambda: not any(map(lives, started)), SECONDS)
    said, _ = make.communicate(timeout=SECONDS)
    assert "Stopped; what the run had not published yet is not in the lake." in said
    assert "Traceback" not in said
    # Of a server, which may have written gigabytes.
    assert list(tmp_path.glob("scratch/spark-connect-*")) == []
    written = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert [token for token in tokens if any(token.encode() in text for text in written)] == []
    if number != signal.SIGKILL:
        assert make.returncode == (2 if receiver == "command" else -number)
    if receiver == "command":
        assert f"Error {128 + number}" in said


@pytest.mark.operations
def test_server_ends_with_a_command_that_is_killed(make: subprocess.Popen[str], tmp_path: Path) -> None:
    wait_for(lambda: any(map(runs_job, family(make))), 120)
    started = family(make)
    (keeper,) = filter(keeps_server, started)
    servers = [keeper, *keeper.children(recursive=True)]
    (command,) = psutil.Process(make.pid).children()
    command.kill()
    seconds = wait_for(lambda: not any(map(lives, servers)), SECONDS)
    print(f"{seconds:.1f} s")
    assert list(tmp_path.glob("scratch/spark-connect-*")) == []
    # Of Airflow, whom nobody is left to end.
    for left in started:
        end(left.pid)
