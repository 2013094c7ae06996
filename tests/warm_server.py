"""A warm Spark Connect server as `make run` has one, with its keeper and its token; its web API says what it does."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import jwt
import psutil

from cli.environment import airflow_environment
from include.deployment import spark_connect
from include.deployment.connect_server import JAVA_OPTIONS
from include.deployment.local_spark import warm
from include.deployment.spark_connect import TOKEN
from tests.conftest import PROJECT, QUICK_JVM
from tests.stack.spark_cluster import free_port

# A server takes some seconds to start, more on a machine that is busy.
START_SECONDS = 400
# How one is started that lives for seconds.
QUICK = ("--conf", f"{JAVA_OPTIONS}={QUICK_JVM}")


@dataclass
class WarmServer:
    """A server, its keeper, and where it says what it does."""

    log: Path
    port: int = field(default_factory=free_port)
    ui_port: int = field(default_factory=free_port)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    keeper: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        """Return its keeper's command, to which settings may be added."""
        ports = ["--port", str(self.port), "--ui-port", str(self.ui_port)]
        return [sys.executable, "-m", "include.deployment.connect_server", *ports]

    @property
    def address(self) -> str:
        return f"sc://localhost:{self.port}"

    @property
    def connection(self) -> str:
        """Return Airflow's connection to it."""
        return json.dumps(warm(self.port, self.ui_port))

    @property
    def exports(self) -> dict[str, str]:
        """Return what a shell exports so that a command asks this server and starts none."""
        return {"AIRFLOW_CONN_SPARK_DEFAULT": self.connection, TOKEN: self.token}

    @contextmanager
    def started(self, home: Path, *options: str, **variables: str) -> Iterator[None]:
        """Start it, and end it with all that it has left."""
        environment = {**clean(home), TOKEN: self.token, **variables}
        with self.log.open("ab") as said:
            self.keeper = subprocess.Popen(
                [*self.command, *options], cwd=PROJECT, env=environment, stdout=said, stderr=subprocess.STDOUT
            )
        try:
            yield
        finally:
            left = psutil.Process(self.keeper.pid).children(recursive=True) if self.keeper.poll() is None else []
            self.keeper.terminate()
            self.keeper.wait(20)
            for process in psutil.wait_procs(left, 1)[1]:
                process.kill()

    def java(self) -> psutil.Process | None:
        """Return the server itself, if it runs."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.keeper.pid).children():
                if "java" in child.name():
                    return child
        return None

    def wait(self) -> None:
        """Return once it answers."""
        wait_for(lambda: self.ask("applications") or self.keeper.poll() is not None, START_SECONDS)
        assert self.keeper.poll() is None, self.log.read_text()
        spark_connect.wait_for(self.address, START_SECONDS)

    def ask(self, path: str) -> Any:
        """Ask its web API; None while it does not answer."""
        with suppress(URLError, OSError, ValueError):
            signed = {"Authorization": f"Bearer {signature(self.token)}"}
            url = f"http://127.0.0.1:{self.ui_port}/api/v1/{path}"
            with urlopen(Request(url, headers=signed), timeout=5) as answer:
                return json.loads(answer.read())
        return None

    def application(self) -> str:
        found = self.ask("applications")
        return f"applications/{found[0]['id']}" if found else ""

    def jobs(self) -> list[dict[str, Any]] | None:
        """Return all jobs that it has had; None while it does not answer."""
        place = self.application()
        return self.ask(f"{place}/jobs") if place else None

    def works(self) -> bool:
        """Return whether a job goes on, or a task of one."""
        place = self.application()
        executors = (self.ask(f"{place}/executors") if place else None) or []
        running = [job for job in self.jobs() or [] if job["status"] == "RUNNING"]
        return bool(running) or any(one["activeTasks"] for one in executors)


def signature(token: str) -> str:
    """Return what Spark's guard of the web API asks for."""
    key = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return jwt.encode({}, key, algorithm="HS256")


def clean(home: Path) -> dict[str, str]:
    """Return the environment of `make run`, with a scratch directory of its own."""
    home.mkdir(parents=True, exist_ok=True)
    given = airflow_environment(home, home / "lake", "/", "log.tsv")
    given.pop("AIRFLOW_CONN_SPARK_DEFAULT", None)
    return {**given, "TMPDIR": str(home)}


@contextmanager
def warm_server(home: Path, *options: str, **variables: str) -> Iterator[WarmServer]:
    """Run a server with two local cores and a small heap, and end it with all that it has left."""
    server = WarmServer(home / "spark.log")
    options = ("--master", "local[2]", "--conf", "spark.driver.memory=800m", *options)
    with server.started(home, *options, **variables):
        server.wait()
        yield server


def wait_for(what: Callable[[], object], seconds: float) -> float:
    """Wait until a claim holds; return how many seconds that took."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < seconds, f"not within {seconds} seconds"
        time.sleep(0.1)
    return time.monotonic() - started


def environment_of(server: WarmServer, home: Path) -> dict[str, str]:
    """Return the environment of a task that asks a server."""
    return {
        **clean(home),
        **server.exports,
        "AIRFLOW_HOME": os.environ["AIRFLOW_HOME"],
    }
