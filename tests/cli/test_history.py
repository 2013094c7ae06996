"""`make history` as a person has it: the applications of a lake's runs on a page, and Ctrl-C ends it all."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.history import HOST, serve
from cli.services import ServiceError
from cli.stopping import STOP_SIGNALS
from spark_jobs.shared.lake import Lake
from tests.commands import started
from tests.conftest import PROJECT
from tests.stack.running import lives
from tests.stack.spark_cluster import free_port

Start = Callable[..., subprocess.Popen[str]]

# The fewest events that the history server takes for a finished application. It recognises an event only if no space
# stands before the event's name.
EVENTS = [
    {"Event": "SparkListenerLogStart", "Spark Version": "4.1.3"},
    {
        "Event": "SparkListenerApplicationStart",
        "App Name": "ranking 2009-05-04",
        "App ID": "local-1",
        "Timestamp": 1_795_206_629_475,
        "User": "somebody",
    },
    {"Event": "SparkListenerApplicationEnd", "Timestamp": 1_795_206_684_872},
]


@pytest.fixture
def spaced_lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "the lake's root"), "listening")


@pytest.fixture
def start(spaced_lake: Lake) -> Iterator[Start]:
    """`make history` with these variables, without make, in a process group of its own as a terminal gives it."""
    servers = []

    def start(**variables: str) -> subprocess.Popen[str]:
        given = {"LAKE": spaced_lake.root, "PORT": str(free_port()), **variables}
        servers.append(
            subprocess.Popen(
                **started("cli history", **given),
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return servers[-1]

    yield start
    for process in servers:
        process.terminate()
        process.communicate()


def put_event_log(lake: Lake) -> None:
    logs = Path(lake.spark_events())
    logs.mkdir(parents=True)
    (logs / "local-1").write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in EVENTS))


def applications(port: int, seconds: float = 60) -> list[dict[str, Any]]:
    """Return the applications that the server's API lists, once it lists any."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection = HTTPConnection(HOST, port, timeout=10)
        connection.request("GET", "/api/v1/applications")
        if found := json.loads(connection.getresponse().read()):
            return found
        connection.close()
        time.sleep(0.3)
    return []


def test_history_serves_loopback_and_ctrl_c_ends_it(start: Start, spaced_lake: Lake) -> None:
    put_event_log(spaced_lake)
    process = start()
    assert process.stdout
    port = int(process.stdout.readline().strip().rpartition(":")[2])
    (application,) = applications(port)
    assert (application["id"], application["name"]) == ("local-1", "ranking 2009-05-04")
    # Not its children's children: Hadoop starts a shell now and then, to see what the machine has.
    (server,) = psutil.Process(process.pid).children()
    listening = {found.laddr.ip for found in server.net_connections() if found.status == psutil.CONN_LISTEN}
    assert {address.removeprefix("::ffff:") for address in listening} == {HOST}

    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
    assert process.stdout.read().splitlines()[-1] == "Stopped."
    assert not lives(server)


def test_missing_event_log_error_says_next_command(start: Start, spaced_lake: Lake) -> None:
    said = refusal(start())
    assert f"{spaced_lake.spark_events()} has no event log yet" in said
    assert f"make run LOG=listening LAKE='{spaced_lake.root}'".replace("'s", "'\"'\"'s") in said


def test_taken_port_is_refused_with_a_way_out(start: Start, spaced_lake: Lake) -> None:
    put_event_log(spaced_lake)
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert f"--port: {port} cannot be used (Address already in use); stop" in refusal(start(PORT=str(port)))


@pytest.fixture
def signals() -> Iterator[None]:
    """The signals as they were: what serves in this process takes them for itself."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_without_a_java_it_says_what_to_do(start: Start, spaced_lake: Lake) -> None:
    put_event_log(spaced_lake)
    said = refusal(start(JAVA_HOME="/nowhere"))
    assert "The history server failed: JAVA_HOME=/nowhere is no Java at all" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("signals")
def test_dead_server_is_reported_with_its_last_error(tmp_path: Path) -> None:
    with pytest.raises(
        ServiceError, match="the history server has died; Caused by: .*Exception: .*\nAll .* said: .*/history.log"
    ):
        serve(Path("bad:://place"), free_port(), tmp_path / "history.log")


def refusal(process: subprocess.Popen[str]) -> str:
    """Return the output of a process that ends by itself, with exit code 1."""
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    return said
