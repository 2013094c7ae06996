"""A Spark Connect server, as one runs that is no part of this project: it knows the jars, and nothing of a lake."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.deployment.jars import spark_jars
from tests.conftest import QUICK_JVM
from tests.stack.spark_cluster import HOST, clean_environment, free_port

# A server takes some seconds to start, more on a machine that is busy.
START_SECONDS = 90
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105  (the name of a variable)
JWS_FILTER = "org.apache.spark.ui.JWSFilter"


@dataclass(frozen=True)
class ConnectServer:
    """Where a server answers who has its token, and where its UI does."""

    address: str
    ui: str
    token: str

    @property
    def client_environment(self) -> dict[str, str]:
        """Return the environment of a client that knows of this server and nothing else."""
        return clean_environment() | {TOKEN: self.token, "SPARK_REMOTE": self.address}


@contextmanager
def connect_server(
    scratch: Path, more: Mapping[str, str] | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[ConnectServer]:
    """Run a server, closed by a token to everybody else, until the block ends.

    `more` are further settings of Spark, `variables` further ones of its environment.
    """
    port, ui_port, token = free_port(), free_port(), secrets.token_urlsafe(32)
    settings = {
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.port": str(ui_port),
        "spark.ui.filters": JWS_FILTER,
        f"spark.{JWS_FILTER}.param.secretKey": token,
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "2",
        **spark_jars(master="local"),
        **(more or {}),
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    server_class = "org.apache.spark.sql.connect.service.SparkConnectServer"
    command = ["spark-submit", "--master", "local[2]", *options, "--driver-java-options", QUICK_JVM]
    log = scratch / "log"
    with log.open("w") as output:
        started = subprocess.Popen(
            [*command, "--class", server_class, "spark-internal"],
            env={**clean_environment(), TOKEN: token, **(variables or {})},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, log)
        # A client sends a token without TLS to this name only.
        yield ConnectServer(f"sc://localhost:{port}", f"http://{HOST}:{ui_port}", token)
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text())
