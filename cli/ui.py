"""Run Airflow with its UI on this machine alone, the DAG un-paused, until Ctrl-C."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Annotated

from typer import Option
from upath import UPath

from cli import inputs
from cli.airflow_services import Airflow, UiError, running
from cli.environment import (
    SPARK_PORT,
    UI_HOME,
    UI_PORT,
    airflow_environment,
    check_places,
    foreign_settings,
    prepare_database,
    sole_use,
)
from cli.errors import told_in_a_line
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, LAST_PORT, LakeRoot, LogName
from cli.secret_files import refuse_where_git_takes
from cli.services import HOST, ask, check_port
from cli.spark_server import new_server
from cli.stopping import Stopped, stop_at_signals
from cli.terminal import console, plain, short, show_left_aside, waiting
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.paths import is_object, path_of

USER = "admin"
START_SECONDS = 180


@dataclass(frozen=True)
class Arguments:
    """The port, the lake, and the input that runs read by default."""

    port: int
    lake: Lake
    input_path: str


def main(
    port: Annotated[int, Option(min=1, max=LAST_PORT, metavar="NUMBER", help="The port on loopback.")] = 8080,
    input_: Annotated[str, inputs.INPUT] = "",
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
) -> None:
    """Run Airflow with its UI on this machine alone, the DAG of the log un-paused; Ctrl-C stops it.

    Exits with 1 when Airflow cannot start or dies, and with 0 when it is told to stop.
    """
    stop_at_signals()
    with told_in_a_line("Airflow failed"):
        try:
            check_places(UI_HOME)
            refuse_where_git_takes(UI_HOME / "ui-passwords.json")
            serve(checked(port, inputs.lake_of(lake, log), input_), UI_HOME)
        except Stopped:
            console.print("Stopped.")
        except BlockingIOError:
            raise UiError(f"{short(UI_HOME)} is in use by another make ui; stop that first") from None


def checked(port: int, lake: Lake, input_path: str) -> Arguments:
    """Return the arguments; without an input the sample log is the input.

    Raises UiError or InputError, each in well under a second.
    """
    from include.deployment import parameters
    from include.runs import input_check

    check_port(port)
    # The scheduler's first run is yesterday's.
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    path = inputs.input_or_sample(input_path, lake, yesterday)
    if faults := parameters.faults(lake.log, {"input_path": path}):
        raise UiError("; ".join(faults))
    if "{run_date}" in path:
        # The log of the next run may have yet to arrive.
        input_check.check_lake(lake)
    else:
        input_check.check_input(path, Path("/"), lake, datetime.now(UTC).date())
    return Arguments(port, lake, path)


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
        spark = new_server()
        spark.note_port(airflow_home / SPARK_PORT)
        environment = airflow_environment(
            airflow_home,
            lake,
            input_root(arguments.input_path),
            arguments.input_path,
            arguments.lake.log,
            spark.connection,
        )
        environment.update({**ui_environment(arguments.port, airflow_home), **spark.exports})
        show_left_aside(foreign_settings(environment))
        prepare_database(environment)
        password = kept_password(Path(environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
        with running(environment, log) as airflow:
            spark.launch(airflow, environment, log.with_name("spark.log"), arguments.lake)
            with waiting("Airflow is starting ..."):
                wait_until_ready(airflow, arguments.port, password, arguments.lake.log)
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


def wait_until_ready(airflow: Airflow, port: int, password: str, dag: str) -> None:
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
            if not missing and dag_is_on(port, password, dag, started):
                return
            missing = missing or f"the DAG {dag}"
    raise UiError(f"still waiting for {missing} after {START_SECONDS} seconds; {airflow.last_words()}")


def dag_is_on(port: int, password: str, dag: str, since: datetime) -> bool:
    """Return whether the DAG has been parsed since a time, and if so un-pause it.

    Raises UiError when it cannot be imported, and HTTPException when there is none at all.
    """
    token = ask(port, "POST", "/auth/token", {"username": USER, "password": password})["access_token"]
    for error in ask(port, "GET", "/api/v2/importErrors", token=token)["import_errors"]:
        if datetime.fromisoformat(error["timestamp"]) >= since:
            raise UiError(f"{error['filename']} cannot be imported: {error['stack_trace'].strip().splitlines()[-1]}")
    # The database may still have the DAG of an earlier start, with the input of that time as its default.
    parsed = ask(port, "GET", f"/api/v2/dags/{dag}", token=token)["last_parsed_time"]
    if datetime.fromisoformat(parsed) < since:
        return False
    # Paused by hand in an earlier start it would stay so: the setting is for new DAGs only.
    ask(port, "PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}, token)
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
