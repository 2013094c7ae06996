"""Keep a Spark Connect server on this machine's loopback: started, started again when it has ended, until told to stop.

    SPARK_CONNECT_AUTHENTICATE_TOKEN=… python -m include.deployment.connect_server --port 15002 --ui-port 15003

Only who has the token may run anything there, or read its web API. The server is one Java with a heap of fixed size,
which ends when that is exhausted, and is started again. This process ends it, too, once the process that has started
this one is gone. Exits with 0 when it is told to stop, and with 1 when the server cannot start, or ends TRIES times one
after the other as soon as it has started.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from include.deployment.jars import spark_jars
from include.deployment.java_environment import UTF_8, UTF_8_EXECUTORS
from include.deployment.kept_ports import LOOPBACK, PortError, kept
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
_SIZE = re.compile(r"[1-9]\d*[mg]")
TRIES = 3
# A server that has lived so long did not end as soon as it started.
SETTLED_SECONDS = 30
# It brings its event log to an end.
SECONDS_TO_END = 4
SECONDS_BETWEEN_LOOKS = 0.3
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
# A Java that has failed to allocate may go on with a thread less, and answer nobody.
END_WITHOUT_HEAP = "-XX:+ExitOnOutOfMemoryError"


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
        # Spark's processes listen on further ports. Alone it draws their secret itself, and tells nobody.
        **({"spark.authenticate": "true"} if master.startswith("local[") else {}),
        **spark_jars(os.environ.get("PIPELINE_LAKE", ""), os.environ.get("PIPELINE_INPUT_ROOT", ""), master=master),
    }


def addresses(port: int, ui_port: int) -> dict[str, str]:
    """Return where a server listens: on loopback alone."""
    return {
        "spark.connect.grpc.binding.address": LOOPBACK,
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        # Its web API tells what each stage costs.
        "spark.ui.enabled": "true",
        "spark.ui.port": str(ui_port),
        "spark.ui.killEnabled": "false",
        "spark.port.maxRetries": "0",
    }


def settings_of(master: str, port: int, ui_port: int, given: dict[str, str]) -> dict[str, str]:
    """Return the settings of a server, those of its deployment above our own."""
    settings = fixed_settings(master, port, ui_port) | given
    # First, so that options of the deployment's may say otherwise, and do not lose it by saying something else.
    return settings | {JAVA_OPTIONS: f"{END_WITHOUT_HEAP} {settings[JAVA_OPTIONS]}"}


def command_of(master: str, settings: dict[str, str], secrets_file: str) -> list[str]:
    """Return the command that starts a server."""
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    submit = ["spark-submit", "--master", master, "--properties-file", secrets_file, *options]
    return [*submit, "--class", SERVER, "spark-internal"]


class Keeper:
    """Keeps one server until this process is told to stop, or the process `parent` is no more its own."""

    def __init__(self, command: list[str], port: int, parent: int, scratch: Path) -> None:
        self.command, self.port, self.parent, self.scratch = command, port, parent, scratch
        self.to_stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.to_stop.set())

    def keep(self) -> int:
        """Start the server again and again, and return the exit code of this program."""
        ended_early = 0
        while ended_early < TRIES:
            started = time.monotonic()
            server = subprocess.Popen(self.command, env=environment(), stdin=subprocess.DEVNULL)
            has_listened = self._watch(server)
            self._end(server)
            if self._is_over():
                return 0
            if not has_listened:
                # Not tried again: whoever has its port would be sent the token by our own clients.
                _say(f"ERROR the Spark Connect server cannot start, it has ended with {server.returncode}: see above")
                return 1
            ended_early = ended_early + 1 if time.monotonic() - started < SETTLED_SECONDS else 0
            _say(f"The Spark Connect server has ended with {server.returncode}; it is started again")
        _say(f"ERROR the Spark Connect server has ended {TRIES} times as soon as it was started, see above")
        return 1

    def _is_over(self) -> bool:
        return self.to_stop.is_set() or os.getppid() != self.parent

    def _watch(self, server: subprocess.Popen[bytes]) -> bool:
        """Return whether a server has ever listened, once it has ended or is to end."""
        has_listened = False
        while server.poll() is None and not self._is_over():
            has_listened = has_listened or _listens(server.pid, self.port)
            self.to_stop.wait(SECONDS_BETWEEN_LOOKS)
        return has_listened

    def _end(self, server: subprocess.Popen[bytes]) -> None:
        """End a server, if it has not ended, and remove what it has left on the disk."""
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        for left in self.scratch.iterdir():
            shutil.rmtree(left, ignore_errors=True)


def environment() -> dict[str, str]:
    """Return the environment of a server."""
    # Its web API listens at this address, and at all of the machine's without it.
    return {"SPARK_LOCAL_IP": LOOPBACK, session.PYTHON: sys.executable, **os.environ, **UTF_8}


def _listens(pid: int, port: int) -> bool:
    with suppress(psutil.Error):
        found = psutil.Process(pid).net_connections("tcp")
        return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)
    return False


def main(argv: list[str] | None = None) -> int:
    """Keep a server; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True, help="the port of loopback at which jobs ask it")
    parser.add_argument("--ui-port", type=int, required=True, help="that of its web API")
    parser.add_argument("--master", default="local[*]", help="where its tasks run")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="the process with which the server ends")
    parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="above our own settings")
    args = parser.parse_args(argv)
    token = os.environ.get(TOKEN)
    if not token:
        parser.error(f"{TOKEN} is not set: without a token, anyone on this machine could run programs as you")
    given = {"spark.driver.memory": memory} if (memory := os.environ.get(MEMORY)) else {}
    if memory and not _SIZE.fullmatch(memory):
        _say(f"ERROR {MEMORY}: found {memory}, allowed is a size in m or g, such as 1536m or 3g")
        return 1
    given |= dict(_pair(parser, text) for text in args.conf)
    try:
        with kept(args.port, args.ui_port), tempfile.TemporaryDirectory(prefix="spark-connect-") as home:
            file = write_properties({UI_KEY: token}, Path(home) / "secrets.conf")
            scratch = Path(home) / "scratch"
            scratch.mkdir()
            settings = settings_of(args.master, args.port, args.ui_port, {"spark.local.dir": str(scratch), **given})
            return Keeper(command_of(args.master, settings, file), args.port, args.parent, scratch).keep()
    except PortError as error:
        _say(f"ERROR the Spark Connect server cannot start: {error}")
        return 1


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
