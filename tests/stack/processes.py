"""Run the services of docker-compose.yaml as plain processes on loopback, from a settings file, until a signal.

    python -m tests.stack.processes SETTINGS_FILE DIRECTORY INPUT_ROOT

Commands and environments are read from the Compose file. These differ from the file: addresses and paths are those of
this machine, and the memory and CPU limits do not hold. Lake, databases and logs lie in the directory. Exits with 1
when the stack cannot start, with 0 when it is told to stop.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cli import health, settings_file
from cli.services import ServiceError, Services
from cli.stopping import Stopped, stop_at_signals
from tests.stack import compose, postgres
from tests.stack.places import Places

START_SECONDS = 300
DATABASE = "airflow"
AIRFLOW = ("api-server", "dag-processor", "triggerer", "scheduler")
# Printed once all is healthy.
READY = "The stack is ready."


class Stack(Services):
    """The services of the Compose file as processes; one that dies is started again, as Docker would."""

    def __init__(self, places: Places, described: dict[str, compose.Service]) -> None:
        super().__init__()
        self.places, self.described = places, described
        # How each was started, to start it again.
        self.launches: dict[str, Callable[[], None]] = {}

    def launch(self, name: str, *arguments: Any, **options: Any) -> None:
        """Start one, and note how."""
        self.launches[name] = partial(self.launch, name, *arguments, **options)
        super().launch(name, *arguments, **options)

    def start(self) -> None:
        """Start everything in the order of the Compose file, and return when all of it is healthy."""
        for name in ("lake", "logs", "auth", "secrets"):
            (self.places.home / name).mkdir(parents=True, exist_ok=True)
        self.start_database()
        self.start_first()
        self.start_one("spark-master")
        for number in range(self.described["spark-worker"].replicas):
            self.start_one("spark-worker", f"spark-worker-{number + 1}")
        self.start_one("spark-history")
        self.start_one("api-server")
        self.wait_for("spark-master", "spark-worker")
        self.start_one("spark-connect")
        # Where tasks report, and where their jobs run.
        self.wait_for("spark-connect", "api-server")
        for name in AIRFLOW[1:]:
            self.start_one(name)
        self.wait_for(*health.states(self.places.settings))

    def start_database(self) -> None:
        """Start PostgreSQL with Airflow's database, which the first start makes."""
        data = self.places.home / "postgres"
        postgres.make_cluster(data, DATABASE, self.described["postgres"].environment["POSTGRES_PASSWORD"])
        command = postgres.command(data, self.places.database_port)
        environment = {**self.places.machine, "LANG": "C.UTF-8"}
        log = self.places.home / "logs" / "postgres.log"
        self.launch("postgres", command, environment, log, cwd=data, user=postgres.user())
        end = time.monotonic() + START_SECONDS
        while not postgres.is_ready(self.places.database_port):
            self.watch_start(end, "postgres")

    def start_first(self) -> None:
        """Run what comes before the services to its end."""
        self.start_one("airflow-init")
        first = self.processes["airflow-init"]
        while first.poll() is None:
            self.pause(0.2)
        if first.returncode != 0:
            raise ServiceError(f"airflow-init failed; {self.last_words('airflow-init')}")
        del self.processes["airflow-init"]

    def start_one(self, service: str, name: str | None = None) -> None:
        """Start a process of a service, in a directory of its own."""
        name, described, places = name or service, self.described[service], self.places
        directory = places.home / "services" / name
        scratch = directory / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        environment = {
            **places.environment(service),
            **{variable: places.here(value) for variable, value in described.environment.items()},
            "TMPDIR": str(scratch),
            "SPARK_LOCAL_DIRS": str(scratch),
        }
        if service == "spark-history":
            # The last one holds.
            environment["SPARK_HISTORY_OPTS"] += f" -Dspark.history.ui.port={places.settings.spark_history_port}"
        command = [places.here(word) for word in described.command] + places.options(service)
        if service == "spark-worker":
            command += ["--work-dir", str(directory / "applications")]
        self.launch(name, command, environment, places.home / "logs" / f"{name}.log", cwd=directory)

    def wait_for(self, *parts: str) -> None:
        """Return when some parts are healthy; raise ServiceError when that takes too long or one has died."""
        end = time.monotonic() + START_SECONDS
        while True:
            states = health.states(self.places.settings)
            missing = [part for part in parts if states.get(part) != health.HEALTHY]
            if not missing:
                return
            self.watch_start(end, ", ".join(missing))

    def watch_start(self, end: float, missing: str) -> None:
        """Wait a moment for what is missing; a service that dies now would die again."""
        self.watch(0.5)
        if time.monotonic() > end:
            raise ServiceError(
                f"still waiting for {missing} after {START_SECONDS} seconds; see {self.places.home}/logs"
            )

    def keep(self) -> None:
        """Start again what dies, until a signal to stop, which raises Stopped."""
        while True:
            self.pause(1)
            for name in [name for name, process in self.processes.items() if process.poll() is not None]:
                ended = f"{name} has ended with exit code {self.processes[name].returncode}"
                print(f"{ended}; it is started again.", flush=True)
                # A container ends with all that is in it.
                self.end([name], signal.SIGKILL, 10)
                self.launches[name]()

    def stop(self) -> None:
        """End everything, the tasks first and the database last; kill what does not obey."""
        running = self.processes.keys()
        self.end(running & {"scheduler"}, signal.SIGTERM, 15)
        self.end(running - {"postgres"}, signal.SIGTERM, 10)
        # The tasks' own processes that are left.
        self.end(running - {"postgres"}, signal.SIGKILL, 5)
        # Fast: it rolls back what is open, and does not wait for who is connected.
        self.end(running & {"postgres"}, signal.SIGINT, 30)
        self.end(running, signal.SIGKILL, 5)


def main(file: Path, home: Path, input_root: Path) -> None:
    """Run the stack until a signal; exit with 1 and what is wrong if it cannot start."""
    stop_at_signals()
    stack = None
    try:
        places = Places(home, input_root, settings_file.read(file))
        stack = Stack(places, compose.services(settings_file.variables(file)))
        stack.start()
        print(READY, flush=True)
        stack.keep()
    except Stopped:
        print("Stopped.")
    except (RuntimeError, OSError) as error:
        sys.exit(f"The stack failed: {error}")
    finally:
        if stack:
            stack.stop()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
