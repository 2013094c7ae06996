"""Airflow's services and its Spark as processes of this machine: started, watched, and stopped to the last child."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.services import ServiceError, Services
from cli.spark_server import SPARK, end_server, why_ended
from cli.terminal import last_error, short, waiting

# Not `airflow standalone`: it serves logs on two more ports, on every interface, and a SIGTERM to it orphans the rest.
# Without its log servers the UI reads the logs from the disk.
COMPONENTS = {
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
    "api-server": [],
}


class UiError(ServiceError):
    """Airflow's UI cannot be had; the message is what the person at the terminal sees."""


class Airflow(Services):
    """Airflow's components as running processes, and the log they all write to."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.log = log

    def start(self, environment: dict[str, str]) -> None:
        """Start the components."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        for name, options in COMPONENTS.items():
            self.launch(name, ["airflow", name, *options], environment, self.log)

    def last_words(self, name: str = "") -> str:
        """Return the log's last error, and where the log is."""
        if name == SPARK:
            return why_ended(self.logs[name])
        return f"{last_error(self.log)}\nAll that was said: {short(self.log)}"

    def stop(self) -> None:
        """End the components and all they have started, tasks and their JVMs too; kill what does not obey."""
        # The scheduler first: the tasks it runs can then still tell the API server what became of them.
        self.end(self.processes.keys() & {"scheduler"}, signal.SIGTERM, 6)
        # The triggerer sometimes does not end by itself.
        self.end(self.processes, signal.SIGTERM, 2)
        self.end(self.processes.keys() - {SPARK}, signal.SIGKILL, 1.5)
        end_server(self)


@contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[Airflow]:
    """Start Airflow, and stop it in the end, whatever the end is."""
    airflow = Airflow(log)
    try:
        airflow.start(environment)
        yield airflow
    finally:
        with waiting("Airflow is stopping ..."):
            airflow.stop()
