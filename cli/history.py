"""Serve the Spark history of a lake on loopback, from the event logs its runs left there, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.environment import PROJECT, past_proxies
from cli.errors import CommandError, told_in_a_line
from cli.java import java_home
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, LAST_PORT, LakeRoot, LogName
from cli.services import HOST, Services, answer_of, check_port
from cli.stopping import Stopped, stop_at_signals
from cli.terminal import console, plain, short, waiting
from spark_jobs.shared.commands import how_to_type
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.object_store import without_keys

START_SECONDS = 60
NAME, CLASS = "history server", "org.apache.spark.deploy.history.HistoryServer"


def main(
    port: Annotated[int, Option(min=1, max=LAST_PORT, metavar="NUMBER", help="The port on loopback.")] = 18080,
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
) -> None:
    """Serve Spark's history of the runs on loopback, from the event logs they left in the lake; Ctrl-C stops it."""
    stop_at_signals()
    with told_in_a_line("The history server failed"):
        try:
            check_port(port)
            serve(event_logs(lake, log), port, PROJECT / ".build" / "history.log")
        except Stopped:
            console.print("Stopped.")


def event_logs(lake: str, log: str) -> Path:
    """Return the directory of a lake's event logs; raises CommandError when there is none yet."""
    root = os.path.abspath(lake)
    if "://" in lake:
        raise CommandError(
            f"--lake: found {without_keys(lake)}, allowed is a directory: an object store keeps no event logs; "
            "to keep them, name a directory in spark.eventLog.dir of the Spark connection"
        )
    directory = Path(str(Lake(root, log).spark_events()))
    if not directory.is_dir() or not any(directory.iterdir()):
        run = how_to_type("run", LOG=log, LAKE=short(Path(root)))
        raise CommandError(f"{short(directory)} has no event log yet; each stage of a run leaves one: {run}")
    return directory


def serve(directory: Path, port: int, log: Path) -> None:
    """Bring Spark's history server up, tell where it is, and keep it up until a signal, which raises Stopped.

    Raises ServiceError or CommandError with its last words when it dies or does not answer.
    """
    settings = {
        # Not as a URI: it is taken as it stands, and a space would stay %20.
        "spark.history.fs.logDirectory": str(directory).replace("\\", "\\\\"),
        "spark.history.ui.port": port,
        # Else a log that was written to is read again after ten seconds.
        "spark.history.fs.update.interval": "2s",
    }
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"")
    services = Services()
    with tempfile.TemporaryDirectory() as scratch:
        properties = Path(scratch) / "history.conf"
        properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        services.launch(NAME, ["spark-class", CLASS, "--properties-file", str(properties)], environment(), log)
        try:
            with waiting("The history server is starting ..."):
                end = time.monotonic() + START_SECONDS
                while answer_of(port, "/api/v1/version") is None:
                    services.watch(0.3)
                    if time.monotonic() > end:
                        raise CommandError(f"no answer after {START_SECONDS} seconds; {services.last_words(NAME)}")
            console.print(f"Spark history  http://{HOST}:{port}")
            console.print(f"Event logs     {plain(short(directory))}")
            console.print("Ctrl-C stops it.")
            services.watch()
        finally:
            services.end([NAME], signal.SIGTERM, 10)
            services.end([NAME], signal.SIGKILL, 5)


def environment() -> dict[str, str]:
    """Return this process's environment for the installed Spark, on loopback alone."""
    callers = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    # With the Python that is found there `spark-class` looks for its Spark.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {
        **callers,
        **past_proxies(),
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "SPARK_LOCAL_IP": HOST,
        "PATH": path,
    }
