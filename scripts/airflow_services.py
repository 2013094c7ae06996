"""Airflow's services as processes of this machine: started together, watched, and stopped to the last child."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from scripts.terminal import console, last_error, short

# Not `airflow standalone`: it serves logs on two more ports, on every interface, and a SIGTERM to it orphans the rest.
# Without its log servers the UI reads the logs from the disk.
COMPONENTS = {
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
    "api-server": [],
}
# SIGHUP is what a closed terminal sends.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class UiError(RuntimeError):
    """Airflow cannot start or has died; the message is what the person at the terminal sees."""


class Airflow:
    """Airflow's components as running processes, the log they all write to, and whether they are to stop."""

    def __init__(self, log: Path) -> None:
        self.log, self.to_stop = log, threading.Event()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for number in STOP_SIGNALS:
            # No exception: it could strike between the start of a process and the note of it, or cut `stop` short.
            signal.signal(number, lambda *_: self.to_stop.set())

    def start(self, environment: dict[str, str]) -> None:
        """Start the components."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            for name, options in COMPONENTS.items():
                # Each in a session of its own: the terminal's Ctrl-C does not reach it, and `members` finds it by that.
                self.processes[name] = subprocess.Popen(
                    ["airflow", name, *options],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def watch(self, seconds: float = float("inf")) -> None:
        """Return after some seconds; raise KeyboardInterrupt at a signal to stop, and UiError when a component dies."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.to_stop.wait(min(left, 0.5)):
                raise KeyboardInterrupt
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead:
                raise UiError(f"the {dead[0]} has died; {self.last_words()}")

    def last_words(self) -> str:
        """Return the log's last error, and where the log is."""
        return f"{last_error(self.log)}\nAll that was said: {short(self.log)}"

    def stop(self) -> None:
        """End the components and all they have started, tasks and their JVMs too; kill what does not obey."""
        everything = list(self.processes)
        # The scheduler first: the tasks it runs can then still tell the API server what became of them.
        for number, names, seconds in (
            (signal.SIGTERM, ["scheduler"], 10),
            # The triggerer sometimes does not end by itself.
            (signal.SIGTERM, everything, 5),
            (signal.SIGKILL, everything, 5),
        ):
            for process in self.members(names):
                with suppress(ProcessLookupError, psutil.NoSuchProcess):
                    if number == signal.SIGKILL or not is_helper(process):
                        process.send_signal(number)
            end = time.monotonic() + seconds
            while self.members(names) and time.monotonic() < end:
                time.sleep(0.1)

    def members(self, names: list[str]) -> list[psutil.Process]:
        """Return the living processes of some components' sessions, those whose parents are gone too."""
        sessions = {self.processes[name].pid for name in names}
        found = []
        for process in psutil.process_iter():
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found


def is_helper(process: psutil.Process) -> bool:
    """Return whether a process is a component's child in its group, which the component itself ends.

    An executor's idle worker ended by a signal takes the queue's lock with it, and the busy one waits for that forever.
    Tasks, with all that they start, are in groups of their own.
    """
    return os.getpgid(process.pid) == os.getsid(process.pid) != process.pid


@contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[Airflow]:
    """Start Airflow, and stop it in the end, whatever the end is."""
    airflow = Airflow(log)
    try:
        airflow.start(environment)
        yield airflow
    finally:
        with console.status("Airflow is stopping ..."):
            airflow.stop()
