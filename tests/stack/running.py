"""The stack as a process of its own: started by one command, asked through its pages, stopped by Ctrl-C."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import jwt
import psutil

from cli import settings_file, ui
from cli.health import states
from cli.services import ask
from cli.stack_settings import Deployment
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT, QUICK_JVM
from tests.stack import postgres
from tests.stack.processes import READY
from tests.stack.spark_cluster import Cluster, free_port

DAG_ID = "listening"
DAG = f"/api/v2/dags/{DAG_ID}"
# The data is tiny: what costs time is to start Spark, and three processes of it for every stage.
SMALL = {
    "SPARK_DRIVER_MEMORY": "512m",
    "SPARK_EXECUTOR_MEMORY": "512m",
    "SPARK_WORKER_CORES": "1",
    "SPARK_TOTAL_CORES": "2",
    "SPARK_JAVA_OPTIONS": QUICK_JVM,
    "PIPELINE_LISTENING_INPUT_PATH": "log.tsv",
}


@dataclass
class RunningStack:
    """A stack that was brought up, with its directory and what it reads."""

    home: Path
    settings_file: Path
    process: subprocess.Popen[str]

    @property
    def settings(self) -> Deployment:
        return settings_file.read(self.settings_file)

    @property
    def lake(self) -> Lake:
        return Lake(str(self.home / "lake"), "listening")

    @property
    def master(self) -> Cluster:
        return Cluster(0, self.settings.spark_master_ui_port)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of Airflow's REST API to the administrator of the settings file."""
        port = self.settings.airflow_port
        login = {"username": self.settings.airflow_admin_user, "password": self.settings.airflow_admin_password}
        # A busy machine takes its time, and a run must not be asked for twice.
        token = ui.ask(port, "POST", "/auth/token", login, seconds=120)["access_token"]
        return ui.ask(port, method, path, body, token, seconds=120)

    def states(self) -> dict[str, str]:
        return states(self.settings)

    def unpause(self) -> None:
        """Let the scheduler have the DAG, once that has been read."""
        wait_for(lambda: answers(lambda: self.ask("PATCH", DAG, {"is_paused": False})))

    def scheduled_run(self) -> str:
        """The path of the run that the scheduler makes by itself, of yesterday."""
        runs = wait_for(lambda: self.ask("GET", f"{DAG}/dagRuns?run_type=scheduled")["dag_runs"])
        return f"{DAG}/dagRuns/{runs[0]['dag_run_id']}"

    def trigger(self, day: str) -> str:
        """Start a run, and return its path in the API."""
        run = self.ask("POST", f"{DAG}/dagRuns", {"logical_date": f"{day}T00:00:00Z"})
        return f"{DAG}/dagRuns/{run['dag_run_id']}"

    def end_of(self, run: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            # While the database is away, Airflow has no answer.
            with suppress(OSError, HTTPException):
                found = self.ask("GET", run)
                return found if found["state"] in ("success", "failed") else None
            return None

        return wait_for(ended, 900)

    def tries(self, run: str) -> dict[str, int]:
        """How often each task of a run was tried."""
        tasks = self.ask("GET", f"{run}/taskInstances")["task_instances"]
        return {task["task_id"]: task["try_number"] for task in tasks}

    def processes(self) -> list[psutil.Process]:
        """Every living process of this stack: started by it, or by its environment or directory, orphans too."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.pid != self.process.pid and lives(process) and self.is_ours(process):
                    found.append(process)
        return found

    def is_ours(self, process: psutil.Process) -> bool:
        # PostgreSQL and some of Airflow's overwrite their environment with their title.
        return (
            self.process.pid in (parent.pid for parent in process.parents())
            or process.environ().get("STACK") == str(self.home)
            or Path(process.cwd()).is_relative_to(self.home)
        )

    def one(self, *words: str, but: Container[int] = ()) -> psutil.Process | None:
        """The process of this stack whose command line has these words; none of the ids in `but`."""
        for process in self.processes():
            with suppress(psutil.Error):
                if process.pid not in but and all(any(word in part for part in process.cmdline()) for word in words):
                    return process
        return None

    def spark_works(self) -> bool:
        """Does the Connect server run a job at this moment?"""
        keeper = self.one("include.deployment.connect_server")
        if keeper is None:
            return False
        port, path = int(keeper.cmdline()[-1]), "/api/v1/applications"
        key = base64.urlsafe_b64decode(f"{self.settings.spark_connect_token}=")
        token = jwt.encode({}, key, algorithm="HS256")
        with suppress(OSError, HTTPException):
            (application,) = ask(port, "GET", path, token=token)
            return bool(ask(port, "GET", f"{path}/{application['id']}/jobs?status=running", token=token))
        return False

    def service(self, word: str) -> psutil.Process | None:
        """The process of a service itself, by the end of a word of its command."""
        children = psutil.Process(self.process.pid).children()
        return next((child for child in children if any(part.endswith(word) for part in child.cmdline())), None)

    def stop(self) -> int:
        """Press Ctrl-C and wait for the end; the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait()


@contextmanager
def open_directory() -> Iterator[Path]:
    """A scratch directory that everybody may enter, as PostgreSQL's user must."""
    with tempfile.TemporaryDirectory(prefix="stack-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o755)
        yield Path(scratch)


@contextmanager
def postgres_server(name: str, password: str, data: Path | None = None) -> Iterator[int]:
    """A server with a superuser and a database of one name, on the port that is yielded."""
    with open_directory() as scratch:
        port, data = free_port(), data or scratch / "data"
        postgres.make_cluster(data, name, password)
        command = postgres.command(data, port)
        server = subprocess.Popen(command, cwd=data, user=postgres.user(), stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: postgres.is_ready(port), 60)
            yield port
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


@contextmanager
def running_stack(scratch: Path, **variables: str) -> Iterator[RunningStack]:
    """Run it on free ports, with a settings file of its own; the input is `scratch/input`."""
    home, file = scratch / "stack", scratch / "settings.env"
    ports = ("AIRFLOW_PORT", "SPARK_MASTER_UI_PORT", "SPARK_HISTORY_PORT")
    settings_file.make(file, {**SMALL, **{port: str(free_port()) for port in ports}, **variables})
    said = scratch / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.stack.processes", str(file), str(home), str(scratch / "input")],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PIPELINE_"))},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: READY in said.read_text() or process.poll() is not None, 400)
        assert process.poll() is None, said.read_text()
        yield RunningStack(home, file, process)
    finally:
        process.terminate()
        process.wait()


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def answers(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except (OSError, HTTPException):
        return False
    return True


def wait_for(what: Callable[[], Any], seconds: float = 300) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.3)
    return found
