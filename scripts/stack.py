"""Run the services of docker-compose.yaml as plain processes on loopback, from the same settings file, until Ctrl-C.

Commands and environments are read from that file. What differs is said here: addresses and paths are those of this
machine, and the memory and CPU limits do not hold.

Its arguments, as make passes them: ENV, the settings file; STACK, the directory of lake, databases and logs;
INPUT_ROOT, where the runs find their input. Exits with 1 when the stack cannot start, with 0 when it is told to stop.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts import arguments, compose, health, postgres, settings_file
from scripts.environment import PROJECT, check_places, sole_use
from scripts.places import Places
from scripts.secret_files import refuse_where_git_takes
from scripts.services import ServiceError, Services
from scripts.spark_cluster import HOST
from scripts.stopping import Stopped, stop_at_signals
from scripts.terminal import console, plain, sentence, short, waiting

START_SECONDS = 300
DATABASE = "airflow"
AIRFLOW = ("api-server", "dag-processor", "triggerer", "scheduler")


class Stack(Services):
    """The services of the Compose file as processes; one that dies is started again, as Docker would."""

    def __init__(self, places: Places, described: dict[str, compose.Service]) -> None:
        super().__init__()
        self.places, self.described = places, described

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
        # Where tasks report, and where their jobs run.
        self.wait_for("spark-master", "spark-worker", "api-server")
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
        self.launch("postgres", command, environment, log, data, postgres.user())
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
        self.launch(name, command, environment, places.home / "logs" / f"{name}.log", directory)

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
                console.print(
                    f"{name} has ended with exit code {self.processes[name].returncode}; it is started again."
                )
                # A container ends with all that is in it.
                self.end([name], signal.SIGKILL, 10)
                self.launches[name]()

    def stop(self) -> None:
        """End everything, the tasks first and the database last; kill what does not obey."""
        running = self.processes.keys()
        self.end(running & {"scheduler"}, signal.SIGTERM, 15)
        self.end(running - {"postgres"}, signal.SIGTERM, 10)
        # What is left of the tasks' own processes.
        self.end(running - {"postgres"}, signal.SIGKILL, 5)
        # Fast: it rolls back what is open, and does not wait for who is connected.
        self.end(running & {"postgres"}, signal.SIGINT, 30)
        self.end(running, signal.SIGKILL, 5)


def main() -> None:
    """Run the stack until a signal; exit with 1 and a word on what to do if that fails."""
    stop_at_signals()
    home = Path()
    try:
        given = arguments.read("stack", paths=("ENV", "STACK", "INPUT_ROOT"))
        file = Path(given.get("ENV", PROJECT / ".env")).absolute()
        home = Path(given.get("STACK", PROJECT / ".stack")).absolute()
        input_root = Path(given.get("INPUT_ROOT", PROJECT / "input")).absolute()
        check_places(home)
        refuse_where_git_takes(home / "auth" / "passwords.json")
        places = Places(home, input_root, settings_file.read(file))
        described = compose.services(settings_file.variables(file))
        with sole_use(home), running(places, described) as stack:
            show_where(places)
            stack.keep()
    except Stopped:
        console.print("Stopped.")
    except BlockingIOError:
        console.print(f"[bold red]The stack failed:[/] {plain(short(home))} is in use by another make stack")
        sys.exit(1)
    except (RuntimeError, OSError) as error:
        console.print(f"[bold red]The stack failed:[/] {plain(sentence(error))}")
        sys.exit(1)


@contextmanager
def running(places: Places, described: dict[str, compose.Service]) -> Iterator[Stack]:
    """Start the stack, and stop it in the end, whatever the end is."""
    stack = Stack(places, described)
    try:
        with waiting("The stack is starting ..."):
            stack.start()
        yield stack
    finally:
        with waiting("The stack is stopping ..."):
            stack.stop()


def show_where(places: Places) -> None:
    """Print where the pages are, and where the rest lies."""
    settings = places.settings
    console.print(f"Airflow        http://{HOST}:{settings.airflow_port}")
    console.print(f"Spark master   http://{HOST}:{settings.spark_master_ui_port}")
    console.print(f"Spark history  http://{HOST}:{settings.spark_history_port}")
    console.print(f"Login          {plain(settings.airflow_admin_user)}, AIRFLOW_ADMIN_PASSWORD of the settings file")
    console.print(f"Input          {plain(short(places.input_root))}")
    console.print(f"Lake and logs  {plain(short(places.home))}")
    console.print("Ctrl-C stops it.")


if __name__ == "__main__":
    main()
