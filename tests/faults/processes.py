"""The jobs as processes of their own: to be stopped where they write, killed, and given another clock."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import psutil

from cli.environment import airflow_environment
from include.deployment.jars import spark_jars
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT, QUICK_JVM
from tests.faults.stages import arguments

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.memory": "700m",
    **spark_jars(master="local"),
}
# A busy machine may take its time; this only ends a test that would never end.
PATIENCE_SECONDS = 600


@contextmanager
def submit(
    stage: str, lake: Lake, day: date, log: Path, settings: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start a job by spark-submit, whose process becomes the driver's Java; end it, stopped or not, with the test."""
    job = ["spark_jobs", stage, "job.py"]
    with submitted(PROJECT.joinpath(*job), arguments(stage, lake, day, log), settings or {}) as process:
        yield process


@contextmanager
def submitted(
    application: Path,
    arguments: list[str],
    settings: dict[str, str],
    java_options: str = "",
    variables: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start any application of Python by spark-submit."""
    options = ["--master", "local[2]", "--driver-java-options", f"{QUICK_JVM} {java_options}".strip()]
    for key, value in (SETTINGS | settings).items():
        options += ["--conf", f"{key}={value}"]
    nowhere = Path(os.environ["AIRFLOW_HOME"])
    environment = airflow_environment(nowhere, nowhere, nowhere, "none") | (variables or {})
    process = subprocess.Popen(
        ["spark-submit", *options, str(application), *arguments],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        end(process.pid)
        process.wait()
        process.stdout.close()


def end(pid: int) -> None:
    """Kill a process and all below it."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for one in (*parent.children(recursive=True), parent):
            with suppress(psutil.NoSuchProcess):
                one.kill()


def stop_where_it_writes(pid: int, lake: Lake) -> None:
    """Stop a driver's Java in the moment in which it has opened the first file of data of its own."""
    before = data_files(lake)
    wait_for(lambda: data_files(lake) - before or has_ended(pid))
    assert not has_ended(pid), "it has ended before anybody saw it write"
    os.kill(pid, signal.SIGSTOP)
    assert not has_ended(pid), "it has ended as it was to be stopped"


def has_ended(pid: int) -> bool:
    """Whether there is no such process any more, or only for its parent to look at."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(claim: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < end
        # Looking costs the process that is looked at.
        time.sleep(0.02)


def data_files(lake: Lake) -> set[Path]:
    """The files of data in the lake, whole or not."""
    return set(Path(lake.root).glob("warehouse/*/*/data/**/*.parquet"))
