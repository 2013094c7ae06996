"""Ask every part of the stack how it is, the Compose one or that of `make stack`: both have the same three pages.

Its argument, as make passes it, is ENV, the settings file. Prints a line for each part, and
exits with 1 when one of them is not healthy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from scripts import arguments
from scripts.environment import PROJECT
from scripts.settings_file import Deployment, read
from scripts.spark_cluster import HOST, answer_of
from scripts.terminal import console, plain, sentence

HEALTHY = "healthy"
# By the names of Airflow's API, those of the Compose file.
SEEN_BY_THE_API_SERVER = {
    "metadatabase": "postgres",
    "scheduler": "scheduler",
    "triggerer": "triggerer",
    "dag_processor": "dag-processor",
}


def main() -> None:
    """Print the state of each part; exit with 1 when one is not healthy."""
    try:
        file = arguments.read("health", paths=("ENV",)).get("ENV", PROJECT / ".env")
        found = states(read(Path(file)))
    except (RuntimeError, OSError) as error:
        console.print(plain(sentence(error)))
        sys.exit(1)
    for name, state in found.items():
        console.print(f"{name:<16}[{'green' if state == HEALTHY else 'bold red'}]{plain(state)}[/]")
    sys.exit(0 if is_healthy(found) else 1)


def is_healthy(states: dict[str, str]) -> bool:
    """Return whether every part is healthy."""
    return set(states.values()) == {HEALTHY}


def states(settings: Deployment) -> dict[str, str]:
    """Return each part's name, and that it is healthy or what is wrong with it."""
    return airflow(settings.airflow_port) | spark(settings)


def airflow(port: int) -> dict[str, str]:
    """Ask the API server, which knows of the others by the heartbeats that they leave in the database."""
    found = answer_of(port, "/api/v2/monitor/health")
    if not found:
        unknown = dict.fromkeys(SEEN_BY_THE_API_SERVER.values(), "unknown: the API server does not answer")
        return {"api-server": _no_answer(port), **unknown}
    return {"api-server": HEALTHY, **{name: _state(found[key], key) for key, name in SEEN_BY_THE_API_SERVER.items()}}


def _state(part: dict[str, Any], key: str) -> str:
    if part["status"] == HEALTHY:
        return HEALTHY
    heartbeat = part.get(f"latest_{key}_heartbeat")
    return f"{part['status'] or 'not there'}, last heard of {heartbeat or 'never'}"


def spark(settings: Deployment) -> dict[str, str]:
    """Ask the master, which knows of its workers, and the history server."""
    master = answer_of(settings.spark_master_ui_port, "/json/")
    workers = master["aliveworkers"] if master else 0
    history = answer_of(settings.spark_history_port, "/api/v1/version")
    return {
        "spark-master": HEALTHY if master else _no_answer(settings.spark_master_ui_port),
        "spark-worker": HEALTHY
        if workers == settings.spark_workers
        else f"{workers} of {settings.spark_workers} are there",
        "spark-history": HEALTHY if history else _no_answer(settings.spark_history_port),
    }


def _no_answer(port: int) -> str:
    return f"no answer at http://{HOST}:{port}"


if __name__ == "__main__":
    main()
