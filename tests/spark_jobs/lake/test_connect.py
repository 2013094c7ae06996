"""A run writes, compacts and is maintained over Spark Connect, by a client that has no JVM."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.jars import local_jars
from scripts.spark_cluster import clean_environment, free_port
from spark_jobs.lake.catalog import LakeCatalog
from tests.conftest import PROJECT, QUICK_JVM
from tests.spark_jobs.lake.days import ANSWER, MONDAY, mains_of, published_run

# A server takes some seconds to start, more on a machine that is busy.
START_SECONDS = 90


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Connect server that knows the jars, and nothing of a lake."""
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
    log = tmp_path_factory.mktemp("connect") / "log"
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


def test_run_is_written_over_connect(lake: LakeCatalog, server: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.spark_jobs.lake.one_run", lake.root, server],
        cwd=PROJECT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["spark"].startswith("pyspark.sql.connect")
    assert said["run"] == published_run(lake, MONDAY).snapshots == mains_of(lake)
    assert said["compacted"] == [["ann", 1], *(["ann", hour] for hour in range(3, 8)), ["ben", 2]]
    with lake.open() as catalog:
        answer = catalog.load_table(f"music.{ANSWER.name}").scan().to_arrow()
    assert answer["plays"].to_pylist() == [2]


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text())
