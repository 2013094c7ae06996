from __future__ import annotations

import secrets
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# It sets up logging when it is first imported, which must not be while a test listens.
import airflow.settings  # noqa: F401
import pytest

from include.deployment.jars import local_jars
from include.telemetry import connect_costs
from include.telemetry.connect_costs import costs_kept_of_session, session_costs
from include.telemetry.event_logs import read_costs
from include.telemetry.spark_costs import spark_costs
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import SparkCosts
from tests.conftest import PROJECT
from tests.connect_server import TOKEN, ConnectServer
from tests.include.telemetry import work
from tests.logs import RUN_DATE
from tests.records import NO_COSTS
from tests.stack.spark_cluster import HOST, clean_environment, free_port


@dataclass(frozen=True)
class Server:
    """A server with a token and a UI, and what two sessions and an application of the same work did."""

    address: str
    ui: str
    token: str
    worked: str
    counted: str
    event_log: Path


@pytest.fixture(scope="module")
def server(spark_server: ConnectServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    scratch = tmp_path_factory.mktemp("costs")
    (scratch / "lines.txt").write_text(work.LINES)
    (scratch / "events").mkdir()
    (scratch / "lake").mkdir()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(TOKEN, spark_server.token)
        worked, counted = str(uuid.uuid4()), str(uuid.uuid4())
        asked = (url(spark_server.address, session) for session in (worked, counted))
        run("sessions", str(scratch), *asked, token=spark_server.token)
        run("application", str(scratch), ",".join(map(str, local_jars())))
        (event_log,) = (file for file in (scratch / "events").iterdir() if not file.name.startswith("."))
        yield Server(spark_server.address, spark_server.ui, spark_server.token, worked, counted, event_log)


def url(address: str, session_id: str) -> str:
    return f"{address}/;user_id=pipeline;session_id={session_id}"


def run(*arguments: str, token: str = "") -> None:
    command = [sys.executable, "-m", work.__name__, *arguments]
    done = subprocess.run(
        command, env=clean_environment() | {TOKEN: token}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def kept(lake: Lake, server: Server, ui: str | None = None, session_id: str | None = None) -> SparkCosts | None:
    """What is kept in place of an earlier record."""
    replace_file(Path(lake.spark_costs("ranking", RUN_DATE)), json_of(tasks=3))
    with costs_kept_of_session("ranking", lake, RUN_DATE, ui or server.ui, session_id or server.worked):
        assert read_costs(lake, "ranking", RUN_DATE) is None
    return read_costs(lake, "ranking", RUN_DATE)


def json_of(**found: int) -> str:
    return SparkCosts.model_validate({**NO_COSTS, **found}).model_dump_json()


def test_costs_match_those_of_an_event_log(server: Server) -> None:
    classic, ours = spark_costs(server.event_log), session_costs(server.ui, server.worked)
    assert classic.input_records > 0
    same = {"jobs", "stages", "tasks", "failed_tasks", "input_records", "input_bytes"}
    assert ours.model_dump(include=same) == classic.model_dump(include=same)
    for key in ("shuffle_bytes_written", "shuffle_bytes_read", "peak_execution_memory_bytes"):
        assert getattr(ours, key) == pytest.approx(getattr(classic, key), rel=0.1), key
    assert sorted(stage.tasks for stage in ours.slowest_stages)[-1] == work.TASKS
    assert ours.executor_run_seconds >= ours.executor_cpu_seconds > 0


def test_sessions_between_each_other_are_told_apart(server: Server) -> None:
    ours, other = (session_costs(server.ui, session) for session in (server.worked, server.counted))
    # Lines read three times, the table's four rows, and a row for each of two sleeping tasks.
    assert other.input_records == 3 * work.LINES.count("\n") + 4 + 2
    files = (server.event_log.parents[1] / "worked" / "log" / "lines" / "data").glob("*.parquet")
    newest = max(files, key=lambda file: file.stat().st_mtime_ns)
    assert other.input_bytes == 3 * len(work.LINES) + newest.stat().st_size
    assert other.jobs < ours.jobs
    assert other.application_id == ours.application_id


def test_slow_task_is_seen_beside_its_median(server: Server) -> None:
    slow = next(stage for stage in session_costs(server.ui, server.counted).slowest_stages if stage.tasks == 2)
    assert slow.slowest_task_seconds > work.SLEEP_SECONDS
    assert slow.median_task_seconds < slow.slowest_task_seconds


def test_costs_of_the_session_are_kept(server: Server, lake: Lake) -> None:
    assert kept(lake, server) == session_costs(server.ui, server.worked)


def test_running_job_is_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # The client has to start first.
    monkeypatch.setattr(connect_costs, "LAG_SECONDS", 90)
    session = str(uuid.uuid4())
    command = [sys.executable, "-m", work.__name__, "sleeper", url(server.address, session)]
    with subprocess.Popen(command, cwd=PROJECT, env=clean_environment() | {TOKEN: server.token}):
        costs = session_costs(server.ui, session)
    assert costs.seconds > work.SLEEP_SECONDS


def test_job_that_goes_on_costs_only_a_warning(
    server: Server, lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = str(uuid.uuid4())
    command = [sys.executable, "-m", work.__name__, "sleeper", url(server.address, session)]
    with subprocess.Popen(command, cwd=PROJECT, env=clean_environment() | {TOKEN: server.token}):
        monkeypatch.setattr(connect_costs, "LAG_SECONDS", 0.2)
        while "still run" not in caplog.text:
            assert kept(lake, server, session_id=session) is None
    assert f"TimeoutError: 1 jobs of the session {session} still run" in caplog.text


def test_failed_stage_keeps_no_costs(server: Server, lake: Lake) -> None:
    with (
        pytest.raises(RuntimeError, match="its own"),
        costs_kept_of_session("ranking", lake, RUN_DATE, server.ui, server.worked),
    ):
        raise RuntimeError("its own")
    assert read_costs(lake, "ranking", RUN_DATE) is None


def test_wrong_token_costs_only_a_warning(
    server: Server, lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, secrets.token_urlsafe(32))
    assert kept(lake, server) is None
    assert f"the report will not tell what Spark did: ConnectionError: {server.ui}" in caplog.text
    assert "answers 403" in caplog.text


def test_server_without_ui_costs_only_a_warning(
    server: Server, lake: Lake, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert kept(lake, server, ui=f"http://{HOST}:{free_port()}") is None
    assert "does not answer ([Errno 111] Connection refused)" in caplog.text


def test_unknown_session_costs_only_a_warning(server: Server, lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    session = str(uuid.uuid4())
    assert kept(lake, server, session_id=session) is None
    assert f"the server knows no jobs of the session {session}" in caplog.text


def test_no_proxy_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{HOST}:{free_port()}")
    assert session_costs(server.ui, server.counted).jobs
