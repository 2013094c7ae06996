"""Serve the Spark history of a lake on loopback, from the event logs its runs left there, until Ctrl-C.

Reads its arguments from the environment, where make puts them: PORT and LAKE. Exits with 1 when there is no event log
yet or the server cannot start or dies, and with 0 when it is told to stop.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from scripts.airflow_services import STOP_SIGNALS, UiError
from scripts.environment import PROJECT
from scripts.java import java_home
from scripts.terminal import console, plain, short
from scripts.ui import HOST, free_port
from spark_jobs.shared.lake import Lake

DEFAULT_PORT = "18080"
START_SECONDS = 60
CLASS = "org.apache.spark.deploy.history.HistoryServer"


class HistoryError(RuntimeError):
    """There is nothing to serve, or the server does not run; the message says what to do."""


def main() -> None:
    """Serve until a signal; exit with 1 and a word on what to do if that fails."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(event_logs(), free_port(os.environ.get("PORT") or DEFAULT_PORT), stop)
    except (HistoryError, UiError, RuntimeError) as error:
        console.print(f"[bold red]The history server failed:[/] {plain(str(error))}")
        sys.exit(1)
    console.print("Stopped.")


def event_logs() -> Path:
    """Return the directory of the lake's event logs; raises HistoryError when there is none yet."""
    root = os.path.abspath(os.environ.get("LAKE") or "lake")
    directory = Path(Lake(root).spark_events())
    if not directory.is_dir() or not any(directory.iterdir()):
        run = f"make run LAKE={shlex.quote(short(Path(root)))}"
        raise HistoryError(f"{short(directory)} has no event log yet; each stage of a run leaves one: {run}")
    return directory


def serve(directory: Path, port: int, stop: threading.Event) -> None:
    """Bring the server up, tell where it is, and keep it up until it is to stop."""
    with history_server(directory, port) as (server, log):
        with console.status("The history server is starting ..."):
            end = time.monotonic() + START_SECONDS
            while not stop.is_set() and not answers(port):
                raise_if_dead(server, log)
                if time.monotonic() > end:
                    raise HistoryError(f"no answer after {START_SECONDS} seconds; {last_line(log)}")
                stop.wait(0.3)
        if not stop.is_set():
            console.print(f"Spark history  http://{HOST}:{port}")
            console.print(f"Event logs     {plain(short(directory))}")
            console.print("Ctrl-C stops it.")
        while not stop.wait(0.5):
            raise_if_dead(server, log)


@contextmanager
def history_server(directory: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run Spark's history server, and end it with the block."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = {
            # Not as a URI: it is taken as it stands, and a space would stay %20.
            "spark.history.fs.logDirectory": str(directory).replace("\\", "\\\\"),
            "spark.history.ui.port": port,
            # Else a log that was written to is read again after ten seconds.
            "spark.history.fs.update.interval": "2s",
        }
        properties, log = Path(scratch) / "history.conf", Path(scratch) / "history.log"
        properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        command = ["spark-class", CLASS, "--properties-file", str(properties)]
        with log.open("wb") as output:
            # In a session of its own: the terminal's Ctrl-C does not reach it before we have said that it stops.
            server = subprocess.Popen(
                command,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield server, log
            finally:
                end(server)


def environment() -> dict[str, str]:
    """Return this process's environment for the installed Spark, on loopback alone."""
    callers = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    # With the Python that is found there `spark-class` looks for its Spark.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {**callers, "JAVA_HOME": str(java_home(PROJECT / ".java")), "SPARK_LOCAL_IP": HOST, "PATH": path}


def end(server: subprocess.Popen[bytes]) -> None:
    """End the server; `spark-class` has become the JVM itself, so there is nobody else."""
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def answers(port: int) -> bool:
    """Return whether the server answers."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/api/v1/version")
        return connection.getresponse().status < 400  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def raise_if_dead(server: subprocess.Popen[bytes], log: Path) -> None:
    """Raise HistoryError with its last words when the server has ended by itself."""
    if server.poll() is not None:
        raise HistoryError(f"it ended with exit code {server.returncode}; {last_line(log)}")


def last_line(log: Path) -> str:
    """Return the last thing the server said."""
    said = log.read_text(errors="replace").strip().splitlines()
    return f"the last it said: {said[-1]}" if said else "it said nothing"


if __name__ == "__main__":
    main()
