"""A real Spark standalone cluster on loopback, from the installed pyspark: a master and two workers."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from scripts.spark_cluster import HOST, Cluster, clean_environment, free_port

# Spark says that a cluster has two cores until executors have told of theirs: with four it shows who asked too early.
WORKERS, CORES, MEMORY = 2, 2, "1g"
START_SECONDS = 90


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


def wait_for_workers(cluster: Cluster, scratch: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while cluster.state().get("aliveworkers") != WORKERS:
        if time.monotonic() > end:
            said = "\n".join(log.read_text(errors="replace")[-1500:] for log in sorted(scratch.glob("*/log")))
            raise AssertionError(f"no {WORKERS} workers within {START_SECONDS} seconds:\n{said}")
        time.sleep(0.3)
