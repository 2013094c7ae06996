"""A real Spark standalone cluster on loopback, from the installed pyspark, and what its master says of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.environment import PROJECT
from cli.java import java_home
from cli.services import HOST, answer_of

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
        """The settings of a driver."""
        return f"spark://{HOST}:{self.port}"

    def state(self) -> dict[str, Any]:
        """Return the master's own account: workers, applications; empty while it does not answer."""
        return answer_of(self.web_port, "/json/") or {}


def clean_environment() -> dict[str, str]:
    """Return the environment of a worker on another machine: Java and Python alone."""
    return {
        "HOME": os.environ.get("HOME", "/"),
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": HOST,
    }


def free_port() -> int:
    """Return a port of loopback on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def spark_cluster(scratch: Path, cores: int = CORES) -> Iterator[Cluster]:
    """Run a cluster whose processes live below `scratch` and know nothing of this repository."""
    cluster = Cluster(free_port(), free_port())
    with ExitStack() as processes:
        ports = ("--port", str(cluster.port), "--webui-port", str(cluster.web_port))
        processes.enter_context(running(scratch / "master", "master.Master", *ports))
        for number in range(WORKERS):
            home = scratch / f"worker-{number}"
            size = ("--cores", str(cores), "--memory", MEMORY)
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


def wait_for_workers(cluster: Cluster, scratch: Path) -> None:
    """Return when all workers have told the master of themselves; raise RuntimeError with the logs if they do not."""
    end = time.monotonic() + START_SECONDS
    while cluster.state().get("aliveworkers") != WORKERS:
        if time.monotonic() > end:
            said = "\n".join(log.read_text(errors="replace")[-1500:] for log in sorted(scratch.glob("*/log")))
            raise RuntimeError(f"no {WORKERS} workers within {START_SECONDS} seconds:\n{said}")
        time.sleep(0.3)


def connection(cluster: Cluster, extra: dict[str, str], cores: int = CORES) -> dict[str, Any]:
    """The Airflow connection to a cluster of `WORKERS` workers of so many cores; `extra` is the embedded Spark's."""
    executors = {
        "spark.executor.cores": str(cores),
        "spark.executor.memory": MEMORY,
        # A driver may start before its executors. Without these two settings it then counts two cores, and cuts the
        # listens into too few buckets.
        "spark.cores.max": str(WORKERS * cores),
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    }
    return {"conn_type": "spark", "host": cluster.url, "extra": {**extra, **executors}}
