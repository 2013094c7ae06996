"""Services as processes of this machine: started one by one, watched, asked, and stopped to the last child."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from cli.stopping import Stopped, on_signals

HOST = "127.0.0.1"


class ServiceError(RuntimeError):
    """A service cannot start or has died; the message is what the person at the terminal sees."""


def check_port(port: int) -> None:
    """Raise ServiceError if a port of loopback cannot be listened on."""
    with socket.socket() as probe:
        # As the server will: without it, connections that ended a moment ago keep the port taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = f"--port: {port} cannot be used ({error.strerror})"
            raise ServiceError(f"{reason}; stop what listens there, or choose another port") from None


class Services:
    """Running processes by name, and whether they are to stop."""

    def __init__(self) -> None:
        self.to_stop = threading.Event()
        self.stop_signal = signal.SIGTERM
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logs: dict[str, Path] = {}
        # No exception: it could strike between the start of a process and the note of it, or cut `stop` short.
        on_signals(self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_signal = signal.Signals(number)
        self.to_stop.set()

    def launch(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, **options: Any
    ) -> None:
        """Start one; what it says is added to the log, `options` are those of `subprocess.Popen`."""
        self.logs[name] = log
        with log.open("ab") as output:
            # Each in a session of its own: a terminal's Ctrl-C does not reach it, `end_sessions` finds it by that.
            self.processes[name] = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def pause(self, seconds: float) -> None:
        """Return after some seconds; raise Stopped at a signal to stop."""
        if self.to_stop.wait(seconds):
            raise Stopped(self.stop_signal)

    def watch(self, seconds: float = float("inf")) -> None:
        """Return after some seconds; raise Stopped at a signal to stop, and ServiceError when one dies."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pause(min(left, 0.5))
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead:
                raise ServiceError(f"the {dead[0]} has died; {self.last_words(dead[0])}")

    def last_words(self, name: str) -> str:
        """Return the last line of a service's log that is none of a Java stack's, and where the log is."""
        lines = self.logs[name].read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line for line in lines if line.strip() and not line.startswith("\t")]
        return f"{said[-1] if said else 'it said nothing'}\nAll that was said: {self.logs[name]}"

    def end(self, names: Iterable[str], number: int, seconds: float) -> None:
        """Send a signal to some services and all they have started, and give them time to end."""
        end_sessions({self.processes[name].pid for name in names}, number, seconds)


def end_sessions(sessions: set[int], number: int, seconds: float) -> None:
    """Send a signal to all processes of some sessions, and give them time to end."""
    for process in members(sessions):
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            # A Ctrl-C reaches every process of a terminal too.
            if number in (signal.SIGKILL, signal.SIGINT) or not is_helper(process):
                process.send_signal(number)
    end = time.monotonic() + seconds
    while members(sessions) and time.monotonic() < end:
        time.sleep(0.1)


def members(sessions: set[int]) -> list[psutil.Process]:
    """Return the living processes of some sessions, those whose parents are gone too."""
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


def ask(
    port: int, method: str, path: str, body: dict[str, Any] | None = None, token: str = "", seconds: float = 10
) -> Any:
    """Return the JSON that a service on loopback answers with; raise OSError or HTTPException when there is none."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    with closing(HTTPConnection(HOST, port, timeout=seconds)) as connection:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise HTTPException(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
    return json.loads(text)


def answer_of(port: int, path: str) -> Any:
    """Return the JSON that a service on loopback answers with, or None."""
    try:
        return ask(port, "GET", path)
    except (OSError, HTTPException, ValueError):
        return None
