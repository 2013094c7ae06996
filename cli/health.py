"""Ask every part of what runs here how it is: of `make ui`, and of the Compose stack."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from cli.environment import PROJECT, SPARK_PORT, UI_HOME, UI_PORT
from cli.options import home
from cli.services import HOST, answer_of
from cli.settings_file import read
from cli.spark_server import SPARK
from cli.stack_settings import Deployment
from cli.terminal import console, plain, sentence
from include.deployment.spark_connect import answers

HEALTHY = "healthy"
UNKNOWN = "unknown: the API server does not answer"
# The parts that the API server knows, by their names in Airflow's API.
OF_THE_UI = {
    "metadatabase": "database",
    "scheduler": "scheduler",
    "triggerer": "triggerer",
    "dag_processor": "dag-processor",
}
# Those of the Compose file.
OF_THE_STACK = {**OF_THE_UI, "metadatabase": "postgres"}
# The stack runs if one of these answers.
PAGES = ("api-server", "spark-master", "spark-history")
NO_SETTINGS = {"api-server": ".env is not there, make env writes it"}


def main(
    env: Annotated[
        str, Option(parser=home, metavar="FILE", help="The settings file of the stack.", show_default=".env")
    ] = "",
) -> None:
    """Print a line for each part of make ui and of the Compose stack, and one for what does not run.

    Exits with 1 when a part is ill, and when nothing runs. With --env the stack of that file must run.
    """
    try:
        port, file = ui_port(UI_HOME), Path(env or PROJECT / ".env")
        of_ui = airflow(port, OF_THE_UI) | spark_of_ui(UI_HOME) if port else {}
        show("make ui", of_ui, None if of_ui else "make ui starts it")
        of_stack = stack(read(file), port) if env or file.exists() else NO_SETTINGS
    except (RuntimeError, OSError) as error:
        console.print(plain(sentence(error)))
        sys.exit(1)
    stack_runs = any(of_stack.get(page) == HEALTHY for page in PAGES)
    how = f"{of_stack['api-server']}; docker compose up --detach --wait starts it"
    show("The stack", of_stack, None if stack_runs else how)
    found = {*of_ui.values(), *(of_stack.values() if stack_runs else ())}
    sys.exit(0 if found == {HEALTHY} and (stack_runs or not env) else 1)


def show(name: str, states: dict[str, str], to_start: str | None) -> None:
    """Print a line for each part, or the one that it does not run and what `to_start` it."""
    if to_start:
        console.print(f"{name} does not run: {plain(to_start)}.")
        return
    console.print(f"{name} runs:")
    for part, state in states.items():
        console.print(f"{part:<16}[{'green' if state == HEALTHY else 'bold red'}]{plain(state)}[/]")


def ui_port(airflow_home: Path) -> int | None:
    """Return the port of the `make ui` that runs in an Airflow home, None if none does."""
    try:
        # As `sole_use` holds it; to look is for those, too, who may not write there.
        with (airflow_home / "in-use").open() as held:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return int((airflow_home / UI_PORT).read_text())
    return None


def spark_of_ui(airflow_home: Path) -> dict[str, str]:
    """Return the state of the Connect server that `make ui` has started; nothing where it has not."""
    noted = airflow_home / SPARK_PORT
    if not noted.exists():
        return {}
    address = f"sc://{HOST}:{noted.read_text()}"
    return {SPARK: HEALTHY if answers(address) else f"no answer at {address}"}


def stack(settings: Deployment, ui_port: int | None) -> dict[str, str]:
    """Return the states of a stack's parts; where `make ui` is at its port, its own API server cannot be."""
    if settings.airflow_port != ui_port:
        return states(settings)
    there_is_ui = {"api-server": f"make ui is at its address, http://{HOST}:{ui_port}"}
    return {**there_is_ui, **dict.fromkeys(OF_THE_STACK.values(), UNKNOWN), **spark(settings)}


def states(settings: Deployment) -> dict[str, str]:
    """Return each part's name, and that it is healthy or what is wrong with it."""
    return airflow(settings.airflow_port, OF_THE_STACK) | spark(settings)


def airflow(port: int, parts: dict[str, str]) -> dict[str, str]:
    """Ask the API server, which knows of the others by the heartbeats that they leave in the database."""
    found = answer_of(port, "/api/v2/monitor/health")
    if not found:
        return {"api-server": _no_answer(port), **dict.fromkeys(parts.values(), UNKNOWN)}
    return {"api-server": HEALTHY, **{name: _state(found[key], key) for key, name in parts.items()}}


def _state(part: dict[str, Any], key: str) -> str:
    if part["status"] == HEALTHY:
        return HEALTHY
    heartbeat = part.get(f"latest_{key}_heartbeat")
    return f"{part['status'] or 'not there'}, last heard of {heartbeat or 'never'}"


def spark(settings: Deployment) -> dict[str, str]:
    """Ask the master, which knows of its workers and of the Connect server, and the history server."""
    master = answer_of(settings.spark_master_ui_port, "/json/")
    workers = master["aliveworkers"] if master else 0
    history = answer_of(settings.spark_history_port, "/api/v1/version")
    return {
        "spark-master": HEALTHY if master else _no_answer(settings.spark_master_ui_port),
        "spark-worker": HEALTHY
        if workers == settings.spark_workers
        else f"{workers} of {settings.spark_workers} are there",
        SPARK: connect(master),
        "spark-history": HEALTHY if history else _no_answer(settings.spark_history_port),
    }


def connect(master: dict[str, Any] | None) -> str:
    """Return the state of the Connect server, by what the master says of its applications."""
    if not master:
        return "unknown: the Spark master does not answer"
    # It is named as its service; its own port is not published.
    found = [application["state"] for application in master["activeapps"] if application["name"] == SPARK]
    if "RUNNING" in found:
        return HEALTHY
    return "no worker has room for it" if found else "the Spark master does not know it"


def _no_answer(port: int) -> str:
    return f"no answer at http://{HOST}:{port}"
