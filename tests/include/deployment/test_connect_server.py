"""The keeper of a Spark Connect server, with real servers: who may ask one, and what becomes of one that ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest

from cli.spark_server import why_ended
from include.deployment import kept_ports
from include.deployment.connect_server import END_WITHOUT_HEAP, JAVA_OPTIONS, MEMORY, main, settings_of
from include.deployment.spark_connect import TOKEN, ConnectSession
from tests.conftest import PROJECT, QUICK_JVM
from tests.stack.spark_cluster import free_port
from tests.warm_server import WarmServer, clean, wait_for, warm_server

# A server starts in seconds; a machine that is busy may take its time.
SECONDS = 200
QUICK = ("--conf", f"{JAVA_OPTIONS}={QUICK_JVM} -Dx=1")
# The program of a client, which asks for one number.
ASK = """
import sys
from pyspark.sql.connect.session import SparkSession
spark = SparkSession(sys.argv[1])
spark.client.set_retry_policies([])
print(spark.sql(sys.argv[2]).collect()[0][0])
spark.stop()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmServer]:
    with warm_server(tmp_path_factory.mktemp("server"), *QUICK) as server:
        yield server


def ask(server: WarmServer, token: str = "", sql: str = "SELECT 7", host: str = "localhost") -> str:
    """Run a query as a client with a token does; return all that it said."""
    given = {TOKEN: token} if token else {}
    environment = {name: value for name, value in os.environ.items() if name != TOKEN} | given
    done = subprocess.run(
        [sys.executable, "-c", ASK, f"sc://{host}:{server.port}", sql],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


def ended(server: WarmServer, *options: str, **variables: str) -> tuple[int, float, str]:
    """Start a server that cannot live; return the exit code, after how many seconds, and why."""
    started = time.monotonic()
    with server.started(server.log.parent, *options, **variables):
        code = server.keeper.wait(SECONDS)
    return code, time.monotonic() - started, server.log.read_text()


def test_client_needs_the_servers_token(server: WarmServer) -> None:
    assert ask(server, server.token) == "7\n"
    for token, host in (("", "localhost"), ("", "127.0.0.1"), ("w" * 43, "localhost")):
        assert "UNAUTHENTICATED" in ask(server, token, host=host)


def test_web_api_needs_a_signature(server: WarmServer) -> None:
    assert server.application()
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"http://127.0.0.1:{server.ui_port}/api/v1/applications")
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"http://127.0.0.1:{server.ui_port}/jobs/")
    assert WarmServer(server.log, ui_port=server.ui_port).ask("applications") is None


def test_server_listens_on_loopback_alone(server: WarmServer) -> None:
    found = [one.laddr for one in server.java().net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert {server.port, server.ui_port} <= {place.port for place in found}
    assert {place.ip.removeprefix("::ffff:") for place in found} == {"127.0.0.1"}


def test_nobody_can_listen_where_clients_knock_first(server: WarmServer) -> None:
    with socket.socket(socket.AF_INET6) as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="Address already in use"):
            stranger.bind(("::1", server.port))


def test_token_is_on_no_command_line_and_in_no_log(server: WarmServer) -> None:
    assert "7" in ask(server, server.token)
    java = server.java()
    told = [" ".join(process.cmdline()) for process in (java, psutil.Process(server.keeper.pid))]
    environment = str(server.ask(f"{server.application()}/environment"))
    for text in (*told, server.log.read_text(), environment):
        assert server.token not in text
    assert END_WITHOUT_HEAP in told[0]
    assert "-Dx=1" in told[0]


def test_server_that_is_killed_is_started_again(server: WarmServer) -> None:
    java = server.java()
    java.kill()
    wait_for(lambda: not java.is_running(), SECONDS)
    server.wait()
    assert server.java() != java
    assert ask(server, server.token) == "7\n"
    assert "The Spark Connect server has ended with -9; it is started again" in server.log.read_text()


def test_server_without_heap_ends_and_is_started_again(server: WarmServer) -> None:
    java = server.java()
    said = ask(
        server,
        server.token,
        "SELECT length(concat(*)) FROM (SELECT repeat('x', 900000000), repeat('y', id) FROM range(9))",
    )
    assert said != "7\n"
    wait_for(lambda: not java.is_running(), SECONDS)
    server.wait()
    assert ask(server, server.token) == "7\n"
    assert "Terminating due to java.lang.OutOfMemoryError" in server.log.read_text()


def test_session_of_a_server_that_hangs_is_given_up(
    server: WarmServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("include.deployment.spark_connect.SECONDS_TO_END", 5)
    monkeypatch.setenv(TOKEN, server.token)
    java = server.java()
    java.suspend()
    try:
        ConnectSession(server.address, "a task", 1).end()
    finally:
        java.resume()
    assert "could not be ended: it has not answered for 5 seconds" in caplog.text


def test_keeper_ends_with_its_parent(tmp_path: Path) -> None:
    server = WarmServer(tmp_path / "spark.log")
    program = "import subprocess, sys; subprocess.Popen(sys.argv[1:]); sys.stdin.read()"
    command = [sys.executable, "-c", program, *server.command, *QUICK]
    environment = {**clean(tmp_path), TOKEN: server.token}
    with subprocess.Popen(command, env=environment, cwd=PROJECT, stdin=subprocess.PIPE) as parent:
        wait_for(lambda: len(psutil.Process(parent.pid).children(recursive=True)) >= 2, SECONDS)
        wait_for(server.application, SECONDS)
        started = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    assert psutil.wait_procs(started, SECONDS)[1] == []
    assert list(tmp_path.glob("spark-connect-*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_keeper_ends_its_server_though_it_hangs(tmp_path: Path, number: int) -> None:
    server = WarmServer(tmp_path / "spark.log")
    with server.started(tmp_path, *QUICK):
        wait_for(server.java, SECONDS)
        java = server.java()
        java.suspend()
        server.keeper.send_signal(number)
        assert server.keeper.wait(SECONDS) == 0
    assert not java.is_running()


def test_server_without_a_token_does_not_start(tmp_path: Path) -> None:
    code, _, said = ended(WarmServer(tmp_path / "spark.log", token=""))
    assert code == 2
    assert "without a token, anyone on this machine could run programs as you" in said


def test_memory_of_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(TOKEN, "a token")
    monkeypatch.setenv(MEMORY, "lots")
    assert main(["--port", "1", "--ui-port", "2"]) == 1
    said = capsys.readouterr().err
    assert said == f"ERROR {MEMORY}: found lots, allowed is a size in m or g, such as 1536m or 3g\n"


def test_bad_option_of_java_ends_keeper_at_once(tmp_path: Path) -> None:
    server = WarmServer(tmp_path / "spark.log")
    code, seconds, _ = ended(server, "--conf", f"{JAVA_OPTIONS}=-XX:+UseSerialGC -XX:+UseParallelGC")
    assert code == 1
    assert seconds < 20
    assert why_ended(server.log).startswith("Multiple garbage collectors selected\nAll that was said: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_taken_port_ends_keeper_at_once(tmp_path: Path, host: str) -> None:
    server = WarmServer(tmp_path / "spark.log")
    with socket.create_server((host, server.ui_port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
        code, seconds, _ = ended(server)
    assert code == 1
    assert seconds < 20
    reason = f"port {server.ui_port} cannot be used (Address already in use): stop what listens there"
    assert why_ended(server.log).startswith(f"the Spark Connect server cannot start: {reason}\n")


def test_port_taken_meanwhile_ends_keeper(tmp_path: Path) -> None:
    server = WarmServer(tmp_path / "spark.log")
    with server.started(tmp_path, *QUICK):
        wait_for(server.java, SECONDS)
        with socket.create_server(("127.0.0.1", server.port)):
            assert server.keeper.wait(SECONDS) == 1
    assert "Failed to bind to address /127.0.0.1" in why_ended(server.log)


def test_deployments_java_options_keep_the_end_without_heap() -> None:
    assert settings_of("local[2]", 1, 2, {JAVA_OPTIONS: "-Da=1"})[JAVA_OPTIONS] == f"{END_WITHOUT_HEAP} -Da=1"


def test_ports_that_are_free_are_kept() -> None:
    port = free_port()
    refused = pytest.raises(kept_ports.PortError, match=f"port {port} cannot be used")
    with kept_ports.kept(port), refused, kept_ports.kept(port):
        pass
