"""The Spark Connect server that a command starts beside Airflow, and ends with it."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.services import HOST, ServiceError, Services
from cli.terminal import short
from include.deployment import compilers
from include.deployment.local_spark import warm
from include.deployment.spark_connect import TOKEN
from include.telemetry.event_logs import prepare
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake

SPARK = "spark-connect"
# The caller's own connection: such a Spark is the caller's business.
CONNECTION = "AIRFLOW_CONN_SPARK_DEFAULT"
# Of what a server says as it starts, all but why it cannot: notes of its log, stacks, and Java's own last words.
_BESIDE_THE_REASON = re.compile(
    r"\s|WARNING|Using |Setting |[\d/]+ [\d:]+ (INFO|WARN) |The Spark Connect server has ended"
    r"|Error: (Could not create the Java|A fatal exception has)|ERROR .*: see above"
)


def _new_token() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class SparkServer:
    """A server at two free ports of loopback, for who has the token."""

    port: int
    ui_port: int
    token: str = field(default_factory=_new_token, repr=False)

    @property
    def connection(self) -> dict[str, Any]:
        """Return Airflow's connection to it."""
        return warm(self.port, self.ui_port)

    @property
    def address(self) -> str:
        """Return where Spark's clients find it."""
        return f"{self.connection['host']}:{self.port}"

    @property
    def is_wanted(self) -> bool:
        """Return whether the caller's environment names no other Spark."""
        return CONNECTION not in os.environ

    @property
    def exports(self) -> dict[str, str]:
        """Return what clients find the token by; nothing where the caller names another Spark, and has its token."""
        return {TOKEN: self.token} if self.is_wanted else {}

    def note_port(self, file: Path) -> None:
        """Tell `make health`, in a file, where the server is; there is none where nobody wants a server."""
        if self.is_wanted:
            replace_file(file, str(self.port))
        else:
            file.unlink(missing_ok=True)

    def launch(
        self, services: Services, environment: Mapping[str, str], log: Path, lake: Lake, java_options: str = ""
    ) -> None:
        """Start it, with some options of Java's more, unless the caller's environment names another Spark.

        Its event log goes into the lake, if that is on a disk.
        """
        if not self.is_wanted:
            return
        events = lake.spark_events()
        event_log = prepare(events, {}) if isinstance(events, Path) else None
        settings = {compilers.SETTING: java_options} | (event_log.settings if event_log else {})
        command = [sys.executable, "-m", "include.deployment.connect_server"]
        command += ["--port", str(self.port), "--ui-port", str(self.ui_port), "--parent", str(os.getpid())]
        command += [f"--conf={name}={value}" for name, value in settings.items() if value]
        services.launch(SPARK, command, {**environment, "SPARK_LOCAL_IP": HOST, TOKEN: self.token}, log)

    def check(self, services: Services) -> None:
        """Raise ServiceError where the server has given up."""
        if SPARK in services.processes and services.processes[SPARK].poll() is not None:
            raise ServiceError(f"Spark's server cannot run: {why_ended(services.logs[SPARK])}")


def end_server(services: Services) -> None:
    """End the server, if there is one, and what it has left on the disk; kill what does not obey."""
    # Its keeper kills it after four.
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 2)):
        services.end(services.processes.keys() & {SPARK}, number, seconds)


def why_ended(log: Path) -> str:
    """Return why a server has ended for good, in one line, and in the next one where its log is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line for line in lines if line and not _BESIDE_THE_REASON.match(line)]
    return f"{said[-1].removeprefix('ERROR ') if said else 'it said nothing'}\nAll that was said: {short(log)}"


def new_server() -> SparkServer:
    """Return a server that may be launched."""
    return SparkServer(*_free_ports())


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((HOST, 0))
        other.bind((HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]
