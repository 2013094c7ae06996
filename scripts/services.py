"""Services as processes of this machine: started one by one, watched together, and stopped to the last child."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

# SIGHUP is what a closed terminal sends.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServiceError(RuntimeError):
    """A service cannot start or has died; the message is what the person at the terminal sees."""


class Services:
    """Running processes by name, and whether they are to stop."""

    def __init__(self) -> None:
        self.to_stop = threading.Event()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logs: dict[str, Path] = {}
        # How each was started, to start it again.
        self.launches: dict[str, Callable[[], None]] = {}
        for number in STOP_SIGNALS:
            # No exception: it could strike between the start of a process and the note of it, or cut `stop` short.
            signal.signal(number, lambda *_: self.to_stop.set())

    def launch(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        directory: Path | None = None,
        user: str | None = None,
    ) -> None:
        """Start one; what it says is added to the log."""
        self.logs[name] = log
        self.launches[name] = partial(self.launch, name, command, environment, log, directory, user)
        with log.open("ab") as output:
            # Each in a session of its own: the terminal's Ctrl-C does not reach it, and `members` finds it by that.
            self.processes[name] = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=directory,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def watch(self, seconds: float = float("inf")) -> None:
        """Return after some seconds; raise KeyboardInterrupt at a signal to stop, and ServiceError when one dies."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.to_stop.wait(min(left, 0.5)):
                raise KeyboardInterrupt
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead:
                raise ServiceError(f"the {dead[0]} has died; {self.last_words(dead[0])}")

    def last_words(self, name: str) -> str:
        """Return the last line of a service's log that is none of a Java stack's, and where the log is."""
        lines = self.logs[name].read_text(errors="replace").splitlines()
        said = [line for line in lines if line.strip() and not line.startswith("\t")]
        return f"{said[-1] if said else 'it said nothing'}\nAll that was said: {self.logs[name]}"

    def end(self, names: Iterable[str], number: int, seconds: float) -> None:
        """Send a signal to some services and all they have started, and give them time to end."""
        names = list(names)
        for process in self.members(names):
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                if number == signal.SIGKILL or not is_helper(process):
                    process.send_signal(number)
        end = time.monotonic() + seconds
        while self.members(names) and time.monotonic() < end:
            time.sleep(0.1)

    def members(self, names: Iterable[str]) -> list[psutil.Process]:
        """Return the living processes of some services' sessions, those whose parents are gone too."""
        sessions = {self.processes[name].pid for name in names}
        found = []
        for process in psutil.process_iter():
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found


def is_helper(process: psutil.Process) -> bool:
    """Return whether a process is a service's child in its group, which the service itself ends.

    An executor's idle worker ended by a signal takes the queue's lock with it, and the busy one waits for that forever.
    Tasks, with all that they start, are in groups of their own.
    """
    return os.getpgid(process.pid) == os.getsid(process.pid) != process.pid
