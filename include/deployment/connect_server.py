"""Keep a Spark Connect server on this machine's loopback: started, started again when it has ended, until told to stop.

    SPARK_CONNECT_AUTHENTICATE_TOKEN=… python -m include.deployment.connect_server --port 15002 --ui-port 15003

Only who has the token may run anything there, or read its web API. The server is one Java with a heap of fixed size,
which ends when that is exhausted. This process ends it, too, once the process that has started this one is gone. Exits
with 0 when it is told to stop, and with 1 when the server ends TRIES times one after the other as soon as it starts.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from include.deployment.jars import spark_jars
from include.deployment.java_environment import UTF_8, UTF_8_EXECUTORS
from include.deployment.local_spark import SETTINGS
from include.deployment.spark_connect import TOKEN
from include.deployment.spark_secrets import REDACTION, SECRET, write_properties
from spark_jobs.shared import session

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
# Spark's own guard of its web API.
UI_GUARD = "org.apache.spark.ui.JWSFilter"
UI_KEY = f"spark.{UI_GUARD}.param.secretKey"
# How much memory the server has, if not as much as fits into 4 GiB.
MEMORY = "PIPELINE_SPARK_MEMORY"
TRIES = 3
# A server that has lived so long did not end as soon as it started.
SETTLED_SECONDS = 30
SECONDS_TO_END = 5


def fixed_settings(master: str, port: int, ui_port: int) -> dict[str, str]:
    """Return what no job can change: all that belongs to Spark's processes, or guards them."""
    return {
        **SETTINGS,
        # Of a job's own settings, those that belong to the file system stay as the server has them.
        **session.SETTINGS,
        **UTF_8_EXECUTORS,
        **addresses(port, ui_port),
        REDACTION: SECRET,
        # Who asks must sign with the token.
        "spark.ui.filters": UI_GUARD,
        **spark_jars(os.environ.get("PIPELINE_LAKE", ""), os.environ.get("PIPELINE_INPUT_ROOT", ""), master=master),
    }


def addresses(port: int, ui_port: int) -> dict[str, str]:
    """Return where a server listens: on loopback alone."""
    return {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Its web API tells what each stage costs.
        "spark.ui.enabled": "true",
        "spark.ui.port": str(ui_port),
        "spark.ui.killEnabled": "false",
        "spark.port.maxRetries": "0",
    }


def command_of(master: str, settings: dict[str, str], secrets_file: str) -> list[str]:
    """Return the command that starts a server."""
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    submit = ["spark-submit", "--master", master, "--properties-file", secrets_file, *options]
    return [*submit, "--class", SERVER, "spark-internal"]


class Keeper:
    """Keeps one server until this process is told to stop, or its parent is gone."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.to_stop = threading.Event()
        self.parent = os.getppid()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.to_stop.set())

    def keep(self) -> int:
        """Start the server again and again, and return the exit code of this program."""
        ended_early = 0
        while ended_early < TRIES:
            started = time.monotonic()
            code = self._run()
            if code is None:
                return 0
            ended_early = ended_early + 1 if time.monotonic() - started < SETTLED_SECONDS else 0
            _say(f"The Spark Connect server has ended with {code}; it is started again")
        _say(f"ERROR the Spark Connect server has ended {TRIES} times as soon as it was started, see above")
        return 1

    def _run(self) -> int | None:
        """Run a server to its end, and return its exit code; None if it was ended by us."""
        server = subprocess.Popen(self.command, env={**os.environ, **UTF_8}, stdin=subprocess.DEVNULL)
        while not self.to_stop.wait(0.3) and os.getppid() == self.parent:
            if server.poll() is not None:
                return server.returncode
        server.terminate()
        try:
            server.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            server.kill()
        return None


def main(argv: list[str] | None = None) -> int:
    """Keep a server; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True, help="the port of loopback at which jobs ask it")
    parser.add_argument("--ui-port", type=int, required=True, help="that of its web API")
    parser.add_argument("--master", default="local[*]", help="where its tasks run")
    parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="above our own settings")
    args = parser.parse_args(argv)
    token = os.environ.get(TOKEN)
    if not token:
        parser.error(f"{TOKEN} is not set: without a token, anyone on this machine could run programs as you")
    given = {"spark.driver.memory": memory} if (memory := os.environ.get(MEMORY)) else {}
    given |= dict(_pair(parser, text) for text in args.conf)
    with tempfile.TemporaryDirectory() as scratch:
        file = write_properties({UI_KEY: token}, Path(scratch) / "secrets.conf")
        settings = fixed_settings(args.master, args.port, args.ui_port) | given
        return Keeper(command_of(args.master, settings, file)).keep()


def _pair(parser: argparse.ArgumentParser, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        parser.error(f"--conf: found {text}, allowed is NAME=VALUE")
    return name, value


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
