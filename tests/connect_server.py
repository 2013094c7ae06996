"""A Spark Connect server, as one runs that is no part of this project: it knows the jars, and nothing of a lake."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.deployment.jars import local_jars
from tests.conftest import QUICK_JVM
from tests.stack.spark_cluster import clean_environment, free_port

# A server takes some seconds to start, more on a machine that is busy.
START_SECONDS = 90


@contextmanager
def connect_server(scratch: Path) -> Iterator[str]:
    """Run a server, and lend its address."""
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "2",
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    jars = ",".join(map(str, local_jars()))
    server_class = "org.apache.spark.sql.connect.service.SparkConnectServer"
    command = ["spark-submit", "--master", "local[2]", "--jars", jars, *options, "--driver-java-options", QUICK_JVM]
    log = scratch / "log"
    with log.open("w") as output:
        started = subprocess.Popen(
            [*command, "--class", server_class, "spark-internal"],
            env=clean_environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text())
