"""A real Spark standalone cluster on loopback, from the installed pyspark: a master and two workers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from scripts.java import java_home
from tests.conftest import PROJECT

HOST = "127.0.0.1"
# Spark says that a cluster has two cores until executors have told of theirs: with four it shows who asked too early.
WORKERS, CORES, MEMORY = 2, 2, "1g"
START_SECONDS = 90


@dataclass(frozen=True)
class Cluster:
    """Where the master is, and what it says of itself."""

    port: int
    web_port: int

    @property
    def url(self) -> str:
        return f"spark://{HOST}:{self.port}"

    def state(self) -> dict[str, Any]:
        """The master's own account: workers, applications; empty while it does not answer."""
        connection = HTTPConnection(HOST, self.web_port, timeout=5)
        try:
            connection.request("GET", "/json/")
            return json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError):
            return {}
        finally:
            connection.close()


@contextmanager
def spark_cluster(scratch: Path) -> Iterator[Cluster]:
    """Run a cluster whose processes live below `scratch` and know nothing of this repository."""
    cluster = Cluster(free_port(), free_port())
    with ExitStack() as processes:
        ports = ("--port", str(cluster.port), "--webui-port", str(cluster.web_port))
        processes.enter_context(running(scratch / "master", "master.Master", *ports))
        for number in range(WORKERS):
            home = scratch / f"worker-{number}"
            size = ("--cores", str(CORES), "--memory", MEMORY)
            places = ("--webui-port", str(free_port()), "--work-dir", str(home / "applications"))
            processes.enter_context(running(home, "worker.Worker", *size, *places, cluster.url))
        wait_for_workers(cluster, scratch)
        yield cluster


@contextmanager
def running(home: Path, service: str, *arguments: str, daemon_options: str = "") -> Iterator[None]:
    """Run a service of Spark's from its own directory, and stop it with all it has started."""
    home.mkdir(parents=True)
    command = ["spark-class", f"org.apache.spark.deploy.{service}", "--host", HOST, *arguments]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=clean_environment() | {"SPARK_DAEMON_JAVA_OPTS": daemon_options},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a service and its executors, which are in its session; kill what does not obey."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def clean_environment() -> dict[str, str]:
    """What a worker on another machine would have: Java and Python, no PYTHONPATH, nothing of Airflow's or ours."""
    return {
        "HOME": os.environ.get("HOME", "/"),
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": HOST,
    }


def wait_for_workers(cluster: Cluster, scratch: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while cluster.state().get("aliveworkers") != WORKERS:
        if time.monotonic() > end:
            said = "\n".join(log.read_text(errors="replace")[-1500:] for log in sorted(scratch.glob("*/log")))
            raise AssertionError(f"no {WORKERS} workers within {START_SECONDS} seconds:\n{said}")
        time.sleep(0.3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
