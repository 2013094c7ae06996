"""Which of `make ui` and the stack runs, and how that is told; the stack itself is in tests/stack."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli import health, settings_file
from cli.environment import sole_use
from cli.spark_server import SparkServer
from tests.commands import started
from tests.conftest import PROJECT
from tests.stack.spark_cluster import free_port

PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "airflow" / "ui"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file whose stack does not run: nobody listens on its ports."""
    file = tmp_path / "env"
    ports = ("AIRFLOW_PORT", "SPARK_MASTER_UI_PORT", "SPARK_HISTORY_PORT")
    settings_file.make(file, {name: str(free_port()) for name in ports})
    return file


@contextmanager
def answering(port: int, ill: str = "") -> Iterator[None]:
    """The answer of Airflow's API server, which takes half a minute to start: one part may be `ill`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = {part: {"status": "unhealthy" if part == ill else "healthy"} for part in PARTS}
            self.send_response(200 if self.path == "/api/v2/monitor/health" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(parts).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def asked(home: Path, **variables: str) -> tuple[int, list[str]]:
    """The exit code of `make health`, and the lines that it prints."""
    command = started("cli health", PIPELINE_AIRFLOW_HOME=str(home.parent), **variables)
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_nothing_runs_and_how_to_start_it(home: Path, settings: Path) -> None:
    code, (ui, stack) = asked(home, ENV=str(settings))
    assert code == 1
    assert ui == "make ui does not run: make ui starts it."
    assert stack.startswith("The stack does not run: no answer at http://127.0.0.1:")
    assert stack.endswith("; docker compose up --detach --wait starts it.")
    assert not home.exists()


def test_unusable_settings_hide_no_ui(home: Path, tmp_path: Path) -> None:
    code, lines = asked(home, ENV=str(tmp_path / "none"))
    assert code == 1
    assert lines == [
        "make ui does not run: make ui starts it.",
        f"{tmp_path / 'none'} is not there; make it with: make env",
    ]


def test_stopped_ui_does_not_run(home: Path) -> None:
    with sole_use(home):
        (home / "port").write_text("8080")
    assert health.ui_port(home) is None
    with sole_use(home):
        assert health.ui_port(home) == 8080


@pytest.mark.parametrize(
    ("ill", "state", "code"),
    [
        pytest.param("", "healthy", 0, id="well"),
        pytest.param("scheduler", "unhealthy, last heard of never", 1, id="a part is not"),
    ],
)
def test_running_ui_is_asked(home: Path, ill: str, state: str, code: int) -> None:
    port = free_port()
    with sole_use(home), answering(port, ill):
        (home / "port").write_text(str(port))
        found, lines = asked(home)
    assert lines[:6] == [
        "make ui runs:",
        "api-server      healthy",
        "database        healthy",
        f"scheduler       {state}",
        "triggerer       healthy",
        "dag-processor   healthy",
    ]
    assert found == code


def test_spark_of_ui_is_asked(home: Path) -> None:
    port, spark = free_port(), SparkServer(free_port(), free_port())
    with sole_use(home), answering(port):
        (home / "port").write_text(str(port))
        spark.note_port(home / "spark-port")
        ill, lines = asked(home)
        assert (ill, lines[6]) == (1, f"spark-connect   no answer at sc://127.0.0.1:{spark.port}")
        with answering(spark.port):
            well, lines = asked(home)
        assert (well, lines[6]) == (0, "spark-connect   healthy")


@pytest.mark.parametrize(
    ("applications", "state"),
    [
        pytest.param([("spark-connect", "RUNNING")], "healthy", id="well"),
        pytest.param([("spark-connect", "WAITING")], "no worker has room for it", id="no executor"),
        pytest.param([("a job", "RUNNING")], "the Spark master does not know it", id="another"),
    ],
)
def test_master_tells_of_the_connect_server(applications: list[tuple[str, str]], state: str) -> None:
    assert health.connect({"activeapps": [{"name": name, "state": is_} for name, is_ in applications]}) == state
    assert health.connect(None) == "unknown: the Spark master does not answer"


def test_callers_own_spark_has_no_port(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spark, file = SparkServer(free_port(), free_port()), home / "spark-port"
    home.mkdir(parents=True)
    spark.note_port(file)
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", "{}")
    spark.note_port(file)
    assert health.spark_of_ui(home) == {}


def test_ui_at_stack_port_is_not_the_stack(home: Path, settings: Path) -> None:
    port = settings_file.read(settings).airflow_port
    with sole_use(home), answering(port):
        (home / "port").write_text(str(port))
        code, lines = asked(home, ENV=str(settings))
    assert (code, lines[0]) == (1, "make ui runs:")
    assert lines[6].startswith(
        f"The stack does not run: make ui is at its address, http://127.0.0.1:{port}; docker compose"
    )
