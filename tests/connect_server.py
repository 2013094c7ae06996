"""A Spark Connect server, as one runs that is no part of this project: it knows the jars, and nothing of a lake."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from include.deployment.jars import local_jars
from tests.conftest import QUICK_JVM
from tests.stack.spark_cluster import clean_environment, free_port

# A server takes some seconds to start, more on a machine that is busy.
START_SECONDS = 90
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105  (the name of a variable)
JWS_FILTER = "org.apache.spark.ui.JWSFilter"


@contextmanager
def connect_server(
    scratch: Path,
    token: str | None = None,
    ui_port: int | None = None,
    more: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run a server, and lend its address; a UI runs on its port if one is given.

    `more` are further settings of Spark, `variables` further ones of its environment. A token closes both to everybody
    else. Clients take it from SPARK_CONNECT_AUTHENTICATE_TOKEN.
    """
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false" if ui_port is None else "true",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "2",
        **(more or {}),
    }
    if ui_port is not None:
        settings["spark.ui.port"] = str(ui_port)
    if token is not None:
        settings |= {"spark.ui.filters": JWS_FILTER, f"spark.{JWS_FILTER}.param.secretKey": token}
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    jars = ",".join(map(str, local_jars()))
    server_class = "org.apache.spark.sql.connect.service.SparkConnectServer"
    command = ["spark-submit", "--master", "local[2]", "--jars", jars, *options, "--driver-java-options", QUICK_JVM]
    log = scratch / "log"
    with log.open("w") as output:
        started = subprocess.Popen(
            [*command, "--class", server_class, "spark-internal"],
            env={**clean_environment(), **({} if token is None else {TOKEN: token}), **(variables or {})},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, log)
        # A client sends a token without TLS to this name only.
        yield f"sc://{'127.0.0.1' if token is None else 'localhost'}:{port}"
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
