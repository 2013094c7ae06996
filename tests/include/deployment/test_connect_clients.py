"""The clients of a Spark Connect server, with a real one: their work there ends with them, and they with the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from include.deployment.spark_connect import TOKEN, ConnectSession, NoServerError
from include.deployment.spark_connect import wait_for as wait_for_server
from spark_jobs.shared.failures import SERVER_GONE
from tests.conftest import PROJECT
from tests.faults.processes import end
from tests.warm_server import QUICK, WarmServer, wait_for, warm_server

# The bound on what may go on; a machine that is busy may take its time to start.
SECONDS, START_SECONDS = 10, 300
# A job, as any of ours is run, that would take an hour.
JOB = """
import sys
from spark_jobs.shared.application import run_application
from spark_jobs.shared.lake import Lake
def run(spark):
    return spark.range(10**14).selectExpr("max(id % 7)").collect()
run_application("sum", Lake(sys.argv[1], "listening"), run)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmServer]:
    with warm_server(tmp_path_factory.mktemp("server"), *QUICK) as server:
        yield server


@contextmanager
def job(
    server: WarmServer, home: Path, session: ConnectSession, parent: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Run the job in a session, below another process if there is to be one, and yield once it is at work."""
    environment = {**os.environ, TOKEN: server.token, "SPARK_REMOTE": session.url}
    command = [*parent, sys.executable, "-c", JOB, str(home / "lake")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, **pipes) as process:
        try:
            wait_for(lambda: server.works() or process.poll() is not None, START_SECONDS)
            assert process.poll() is None, process.stdout.read()
            yield process
        finally:
            end(process.pid)
            # A test that fails must not leave it to the others.
            if server.works():
                session.end()


def session(server: WarmServer, number: int, task: str) -> ConnectSession:
    return ConnectSession(server.address, task, number)


@pytest.fixture(autouse=True)
def _token(server: WarmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, server.token)


def test_client_told_to_end_ends_its_work(server: WarmServer, tmp_path: Path) -> None:
    with job(server, tmp_path, session(server, 1, "told")) as process:
        process.terminate()
        wait_for(lambda: not server.works(), SECONDS)
        # While it ends, one more changes nothing.
        process.terminate()
        assert process.wait(START_SECONDS) == 128 + signal.SIGTERM


def test_client_without_its_parent_ends_its_work(server: WarmServer, tmp_path: Path) -> None:
    parent = (sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])")
    with job(server, tmp_path, session(server, 1, "orphan"), parent) as process:
        (client,) = psutil.Process(process.pid).children()
        process.kill()
        wait_for(lambda: not server.works(), SECONDS)
        wait_for(lambda: not client.is_running(), START_SECONDS)


def test_client_told_to_end_leaves_a_server_that_hangs(server: WarmServer, tmp_path: Path) -> None:
    with job(server, tmp_path, session(server, 1, "hangs")) as process:
        java = server.java()
        java.suspend()
        try:
            process.terminate()
            assert process.wait(SECONDS + 5) == -signal.SIGALRM
        finally:
            java.resume()
    session(server, 1, "hangs").end()
    wait_for(lambda: not server.works(), SECONDS)


def test_next_try_ends_what_a_killed_one_left(server: WarmServer, tmp_path: Path) -> None:
    with job(server, tmp_path, session(server, 1, "killed")) as process:
        process.kill()
        process.wait()
        assert server.works()
        session(server, 2, "killed").begin()
        wait_for(lambda: not server.works(), 2)


def test_try_that_lives_on_beside_the_next_ends(server: WarmServer, tmp_path: Path) -> None:
    with job(server, tmp_path, session(server, 1, "beside")) as process:
        session(server, 2, "beside").begin()
        said, _ = process.communicate(timeout=START_SECONDS)
    assert said.splitlines()[-1] == f"ERROR sum: {SERVER_GONE}", said


def test_job_of_a_killed_server_says_so(server: WarmServer, tmp_path: Path) -> None:
    with job(server, tmp_path, session(server, 1, "server")) as process:
        server.java().kill()
        said, _ = process.communicate(timeout=START_SECONDS)
    assert said.splitlines()[-1] == f"ERROR sum: {SERVER_GONE}", said
    assert process.returncode == 1
    server.wait()


def test_server_gone_for_good_fails_its_job_soon(tmp_path: Path) -> None:
    with warm_server(tmp_path / "server", *QUICK) as gone:
        with job(gone, tmp_path, session(gone, 1, "gone")) as process:
            java, started = gone.java(), time.monotonic()
            gone.keeper.kill()
            java.kill()
            said, _ = process.communicate(timeout=START_SECONDS)
            seconds = time.monotonic() - started
        print(f"{seconds:.0f} s")
        assert said.splitlines()[-1] == f"ERROR sum: {SERVER_GONE}", said
        assert seconds < 45
        with pytest.raises(NoServerError, match="no Spark Connect server has answered at sc://localhost"):
            wait_for_server(gone.address, 1)
