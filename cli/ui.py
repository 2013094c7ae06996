"""Run Airflow with its UI on this machine alone, the DAG un-paused, until Ctrl-C.

Its arguments are PORT, INPUT and LAKE, as make passes them. Exits with 1 when Airflow cannot
start or dies, and with 0 when it is told to stop: there is no other way to end it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

from upath import UPath

from cli import arguments, inputs
from cli.airflow_services import Airflow, UiError, running
from cli.environment import UI_HOME, airflow_environment, check_places, foreign_settings, prepare_database, sole_use
from cli.mendable import told_in_a_line
from cli.secret_files import refuse_where_git_takes
from cli.services import HOST, ask
from cli.stopping import Stopped, stop_at_signals
from cli.terminal import console, plain, short, show_left_aside, waiting
from include.deployment import parameters
from include.runs import input_check
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.paths import is_object, path_of

USER = "admin"
DEFAULT_PORT, LAST_PORT = "8080", 65535
START_SECONDS = 180
# The file of an Airflow home that says where its UI is.
UI_PORT = "port"
DAG_ID = "listening"


@dataclass(frozen=True)
class Arguments:
    """What was asked for: the port, the lake, and the log that runs read if they do not say."""

    port: int
    lake: Lake
    input_path: str


def main() -> None:
    """Serve until a signal; exit with 1 and a word on what to do if that fails."""
    stop_at_signals()
    with told_in_a_line("Airflow failed"):
        try:
            check_places(UI_HOME)
            refuse_where_git_takes(UI_HOME / "ui-passwords.json")
            serve(read_arguments(), UI_HOME)
        except Stopped:
            console.print("Stopped.")
        except BlockingIOError:
            raise UiError(f"{short(UI_HOME)} is in use by another make ui; stop that first") from None


def read_arguments() -> Arguments:
    """Read and check the arguments; without INPUT the sample log is the input.

    Raises UiError or InputError, each in well under a second.
    """
    given = arguments.read("ui", "PORT", paths=("INPUT", "LAKE"))
    port = free_port(given.get("PORT", DEFAULT_PORT))
    # The scheduler's first run is yesterday's.
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    lake = inputs.lake_of(given)
    input_path = inputs.input_or_sample(given, lake, yesterday)
    faults = parameters.faults(lake.log, {"input_path": input_path})
    if faults:
        raise UiError("; ".join(faults))
    if "{run_date}" in input_path:
        # The log of the next run may have yet to arrive.
        input_check.check_lake(lake)
    else:
        input_check.check_input(input_path, Path("/"), lake, datetime.now(UTC).date())
    return Arguments(port, lake, input_path)


def free_port(text: str) -> int:
    """Return the port that a text names; raise UiError if it names none, or one that cannot be listened on."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= LAST_PORT):
        raise UiError(f"PORT: found {text!r}, allowed is a whole number from 1 to {LAST_PORT}")
    with socket.socket() as probe:
        # As the server will: without it, connections that ended a moment ago keep the port taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            reason = f"PORT: {text} cannot be used ({error.strerror})"
            raise UiError(f"{reason}; stop what listens there, or choose another with PORT=") from None
    return int(text)


def input_root(input_path: str) -> str | Path:
    """Return the nearest directory that holds everything the path, with its stars and {run_date}, may stand for.

    Of an object it is the bucket.
    """
    if is_object(path_of(input_path)):
        return "/".join(input_path.split("/")[:3])
    path = Path(os.fsdecode(path_of(input_path)))
    return next(directory for directory in (path, *path.parents) if directory.is_dir())


def serve(arguments: Arguments, airflow_home: Path) -> None:
    """Bring Airflow up, tell where it is, and keep it up until a signal comes, which raises Stopped.

    Raises BlockingIOError when the home is in use, UiError when Airflow does not come up or a part of it dies.
    """
    lake, log = arguments.lake.root, airflow_home / "logs" / "ui.log"
    with sole_use(airflow_home):
        replace_file(airflow_home / UI_PORT, str(arguments.port))
        environment = airflow_environment(airflow_home, lake, input_root(arguments.input_path), arguments.input_path)
        environment.update(ui_environment(arguments.port, airflow_home))
        show_left_aside(foreign_settings(environment))
        prepare_database(environment)
        password = kept_password(Path(environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
        with running(environment, log) as airflow:
            with waiting("Airflow is starting ..."):
                wait_until_ready(airflow, arguments.port, password)
            show_where(arguments, password, log)
            airflow.watch()


def ui_environment(port: int, airflow_home: Path) -> dict[str, str]:
    """Return what the UI needs in the environment beyond what every run needs."""
    address = f"http://{HOST}:{port}"
    return {
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        # Where running tasks report to.
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # Else a DAG written less than half a minute ago, by a start with another input, stays as it was.
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(airflow_home / "ui-passwords.json"),
    }


def kept_password(file: Path) -> str:
    """Return the login's password: made once, and kept where Airflow looks for it, readable by its owner alone."""
    if not file.exists():
        with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as kept:
            json.dump({USER: secrets.token_urlsafe(12)}, kept)
    file.chmod(0o600)
    return json.loads(file.read_text())[USER]


def wait_until_ready(airflow: Airflow, port: int, password: str) -> None:
    """Return once every component is healthy and the DAG is there as it is now, un-paused.

    Raises UiError when that takes too long, and what `Airflow.watch` raises.
    """
    started, missing = datetime.now(UTC), "the API server"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        airflow.watch(1)
        with suppress(OSError, HTTPException):
            health = ask(port, "GET", "/api/v2/monitor/health")
            missing = ", ".join(name for name, state in health.items() if state["status"] != "healthy")
            if not missing and dag_is_on(port, password, started):
                return
            missing = missing or f"the DAG {DAG_ID}"
    raise UiError(f"still waiting for {missing} after {START_SECONDS} seconds; {airflow.last_words()}")


def dag_is_on(port: int, password: str, since: datetime) -> bool:
    """Return whether the DAG has been parsed since a time, and if so un-pause it.

    Raises UiError when it cannot be imported, and HTTPException when there is none at all.
    """
    token = ask(port, "POST", "/auth/token", {"username": USER, "password": password})["access_token"]
    for error in ask(port, "GET", "/api/v2/importErrors", token=token)["import_errors"]:
        if datetime.fromisoformat(error["timestamp"]) >= since:
            raise UiError(f"{error['filename']} cannot be imported: {error['stack_trace'].strip().splitlines()[-1]}")
    # What an earlier start left in the database has the input of that time as its default.
    parsed = ask(port, "GET", f"/api/v2/dags/{DAG_ID}", token=token)["last_parsed_time"]
    if datetime.fromisoformat(parsed) < since:
        return False
    # Paused by hand in an earlier start it would stay so: the setting is for new DAGs only.
    ask(port, "PATCH", f"/api/v2/dags/{DAG_ID}", {"is_paused": False}, token)
    return True


def show_where(arguments: Arguments, password: str, log: Path) -> None:
    """Print where the UI is, how to log in, and where the rest lies."""
    places: dict[str, Path | UPath] = {
        "Input": UPath(arguments.input_path),
        "Lake": UPath(arguments.lake.root),
        "Log": log,
    }
    console.print(f"Airflow  http://{HOST}:{arguments.port}")
    console.print(f"Login    {USER}, password {password}")
    for name, path in places.items():
        console.print(f"{name:<9}{plain(short(path))}")
    console.print("Ctrl-C stops it.")


if __name__ == "__main__":
    main()
