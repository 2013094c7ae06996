"""`make ui` as a person has it: Airflow comes up, a run is triggered in it, Ctrl-C ends it all."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli import ui
from cli.environment import airflow_environment, prepare_database, sole_use
from include.deployment.local_spark import EMBEDDED
from include.sample_data.listening import generate_log
from tests.commands import started
from tests.conftest import PROJECT, QUICK_JVM
from tests.stack.running import lives, wait_for
from tests.stack.spark_cluster import free_port

DAG_ID = "listening"

pytestmark = pytest.mark.end_to_end

Start = Callable[..., subprocess.Popen[str]]
DAG = f"/api/v2/dags/{DAG_ID}"
# The data is tiny and the machine small: what costs time is to start Spark seven times.
SMALL_SPARK = {
    **EMBEDDED,
    "host": "local[1]",
    "extra": {
        **EMBEDDED["extra"],
        "spark.driver.memory": "512m",
        "spark.driver.extraJavaOptions": QUICK_JVM,
        "spark.sql.shuffle.partitions": "1",
    },
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "airflow" / "ui"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "logs of [all]" / "tiny.tsv"
    generate_log.main([str(log), "--listens", "200", "--users", "3"])
    return log


@pytest.fixture
def start(home: Path, log: Path, tmp_path: Path) -> Iterator[Start]:
    started = []

    def start(**variables: str) -> subprocess.Popen[str]:
        started.append(start_ui(home, log, tmp_path / "lake", **variables))
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        process.communicate()


def start_ui(home: Path, log: Path, lake: Path, **variables: str) -> subprocess.Popen[str]:
    """`make ui` with these variables, without make, in a process group of its own as a terminal gives it."""
    given = {
        "PIPELINE_AIRFLOW_HOME": str(home.parent),
        "LAKE": str(lake),
        "INPUT": str(log),
        "PORT": str(free_port()),
        **variables,
    }
    return subprocess.Popen(
        **started("cli ui", **given),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """All that a process has started, and all that these have."""
    return psutil.Process(process.pid).children(recursive=True)


def processes_of(home: Path) -> list[psutil.Process]:
    """The living processes with this Airflow home in their environment; some overwrite theirs with their title."""
    return [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("AIRFLOW_HOME") == str(home) and lives(process)
    ]


def runs_spark(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "org.apache.spark.deploy.SparkSubmit" in process.cmdline()
    return False


def runs_a_stage(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(part.endswith("/data_quality/job.py") for part in process.cmdline())
    return False


def put_dag_as_paused_into_the_database(home: Path, tmp_path: Path) -> None:
    """As a person leaves it who paused it and stopped the UI."""
    environment = airflow_environment(home, tmp_path / "lake", tmp_path, "log.tsv")
    prepare_database(environment)
    subprocess.run(["airflow", "dags", "reserialize"], env=environment, check=True, capture_output=True)


def make_no_run_at_midnight(home: Path) -> None:
    """Else that of the last one comes before the run that is triggered."""
    config = home / "airflow.cfg"
    text = config.read_text()
    assert "\nuse_job_schedule = True\n" in text
    config.write_text(text.replace("\nuse_job_schedule = True\n", "\nuse_job_schedule = False\n"))


def printed(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the lines that the UI prints when it is ready: the first word of each, and the rest."""
    assert process.stdout
    lines = {}
    for line in process.stdout:
        name, _, rest = line.strip().partition(" ")
        lines[name] = rest.strip()
        if name == "Ctrl-C":
            return lines
    raise AssertionError(f"it ended with {process.wait()}: {lines}")


@pytest.mark.operations
def test_triggered_run_succeeds_and_ctrl_c_ends_everything(start: Start, home: Path, log: Path, tmp_path: Path) -> None:
    put_dag_as_paused_into_the_database(home, tmp_path)
    make_no_run_at_midnight(home)
    process = start()
    shown = printed(process)
    port, password = int(shown["Airflow"].rpartition(":")[2]), shown["Login"].removeprefix("admin, password ")
    token = ui.ask(port, "POST", "/auth/token", {"username": "admin", "password": password})["access_token"]
    assert (home / "ui-passwords.json").stat().st_mode & 0o777 == 0o600

    dag = ui.ask(port, "GET", f"{DAG}/details", token=token)
    assert dag["is_paused"] is False
    assert dag["params"]["input_path"]["value"] == str(log)
    assert ui.ask(port, "GET", "/api/v2/importErrors", token=token)["total_entries"] == 0

    def trigger(day: str) -> dict[str, Any]:
        request = {"logical_date": f"{day}T00:00:00Z", "conf": {"top_songs": 3}}
        return ui.ask(port, "POST", f"{DAG}/dagRuns", request, token)

    run = f"{DAG}/dagRuns/{trigger('2009-05-05')['dag_run_id']}"
    state = wait_for(lambda: ended(ui.ask(port, "GET", run, token=token)["state"]))
    assert state == "success", (home / "logs" / "ui.log").read_text()[-5000:]
    songs = tmp_path / "lake" / "listening" / "reports" / "run_date=2009-05-05" / "top_songs.tsv"
    assert len(songs.read_text().splitlines()) == 1 + 3
    logs = [file.read_text() for file in (home / "logs").glob("dag_id=*/run_id=*/task_id=check_*/attempt=1.log")]
    assert len(logs) == 1 + 3
    assert [line for log in logs for line in log.splitlines() if '"level":"error"' in line] == []

    trigger("2009-05-06")
    wait_for(lambda: any(map(runs_a_stage, family(process))))
    all_started = family(process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=15) == 0
    assert list(filter(lives, all_started)) == processes_of(home) == []
    # The next start takes it up again at once, not when its heartbeat has been missed for minutes.
    assert task_state(home, "data_quality", "2009-05-06") == "up_for_retry"


def test_missing_input_is_refused(start: Start) -> None:
    assert "gone.tsv; check the path" in refusal(start(INPUT="gone.tsv"))


def test_taken_port_is_refused_with_a_way_out(start: Start) -> None:
    with socket.create_server((ui.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert f"--port: {port} cannot be used (Address already in use); stop" in refusal(start(PORT=str(port)))


def test_a_home_that_is_in_use_is_refused(start: Start, home: Path) -> None:
    with sole_use(home):
        assert f"{home} is in use by another make ui" in refusal(start())


def test_dead_airflow_is_reported_with_error_and_log(start: Start, home: Path) -> None:
    home.mkdir(parents=True)
    (home / f"database-of-airflow-{version('apache-airflow')}").touch()
    (home / "airflow.db").write_text("no database")
    process = start()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    # Two services write one log, and the last error is that of either.
    assert "has died; " in said
    assert "file is not a database" in said
    assert str(home / "logs" / "ui.log") in said
    assert processes_of(home) == []


def test_input_root_is_the_directory_above_patterns(tmp_path: Path) -> None:
    (tmp_path / "2009").mkdir()
    (tmp_path / "2009" / "log.tsv").touch()
    for path, root in {"2009/log.tsv": "2009", "2009": "2009", "2009/*.tsv": "2009", "*/{run_date}.tsv": "."}.items():
        assert ui.input_root(str(tmp_path / path)) == tmp_path / root


def refusal(process: subprocess.Popen[str]) -> str:
    """Return the one line that a process prints when it ends by itself, with exit code 1."""
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    return said


def ended(state: str) -> str | None:
    return state if state in ("success", "failed") else None


def task_state(home: Path, task: str, day: str) -> str:
    query = (
        "SELECT task.state FROM task_instance AS task JOIN dag_run USING (dag_id, run_id) "
        "WHERE task_id = ? AND logical_date LIKE ?"
    )
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        return database.execute(query, (task, f"{day}%")).fetchone()[0]
