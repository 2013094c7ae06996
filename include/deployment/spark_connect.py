"""Spark Connect, where a connection's host is `sc://…`: the session of each try of a task, and how one is ended."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tenacity import retry, stop_after_attempt, wait_fixed

if TYPE_CHECKING:
    from airflow.sdk import Connection, Context

SCHEME = "sc://"
# Server and clients read it from here: on a command line, or in a URL, everybody on the machine could read it.
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105
USER = "pipeline"
DEFAULT_PORT = 15002
# A server takes some seconds to start, or to start again.
WAIT_SECONDS = 60
# To end a session takes two. A server that does not answer would be waited for without end.
SECONDS_TO_END = 30
PROJECT = Path(__file__).resolve().parents[2]
log = logging.getLogger(__name__)


class NoServerError(RuntimeError):
    """Nothing answers where a connection says that there is a server."""


@dataclass(frozen=True)
class ConnectSession:
    """The session of one try of a task at a server, `sc://host:port`; `task` tells the task from all others.

    Its id follows from these, so that whoever comes after a try that was killed can end what that has left. `ui` is
    where the server's web API is, if the connection says so.
    """

    server: str
    task: str
    number: int
    ui: str = ""

    @property
    def id(self) -> str:
        """Return the session's id, a UUID."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.task} {self.number}"))

    @property
    def url(self) -> str:
        """Return what `spark-submit --remote` and Spark's clients take."""
        parameters = "" if "/;" in self.server else "/"
        return f"{self.server}{parameters};user_id={USER};session_id={self.id}"

    def begin(self) -> None:
        """Wait for the server, and end what earlier tries of the task have left there; raises NoServerError."""
        wait_for(self.server)
        earlier = [ConnectSession(self.server, self.task, number).url for number in range(1, self.number)]
        if earlier and (fault := _ended(*earlier)):
            raise NoServerError(f"what an earlier try may have left at {self.server} could not be ended: {fault}")

    def end(self) -> None:
        """End the session, if the server is there, and all that it still does; a fault is a line in the log."""
        if answers(self.server) and (fault := _ended(self.url)):
            log.warning("What this try asked of %s could not be ended: %s", self.server, fault)


def session_of(connection: Connection, context: Context) -> ConnectSession | None:
    """Return the session of the try that a task is at; None where the connection names no Connect server."""
    if not (connection.host or "").startswith(SCHEME):
        return None
    ti, run = context["ti"], context["dag_run"]
    # A run that was deleted may come again under the same id; it starts at another time.
    task = f"{ti.dag_id} {ti.run_id} {run.start_date} {ti.task_id} {ti.map_index}"
    place, semicolon, parameters = (connection.host or "").partition("/;")
    port = f":{connection.port}" if connection.port else ""
    ui = connection.extra_dejson.get("spark-ui", "")
    return ConnectSession(f"{place}{port}{semicolon}{parameters}", task, ti.try_number, ui)


def session_settings(connection: Connection) -> dict[str, str]:
    """Return what a connection tells each session of a server: all else is fixed when the server starts."""
    return {key: str(value) for key, value in connection.extra_dejson.items() if key.startswith("spark.sql.")}


def wait_for(server: str, seconds: float = WAIT_SECONDS) -> None:
    """Return once a server answers; raises NoServerError."""
    end_of_wait = time.monotonic() + seconds
    while not answers(server):
        if time.monotonic() > end_of_wait:
            raise NoServerError(
                f"no Spark Connect server has answered at {server} for {seconds:.0f} seconds: has it been started, and "
                "does it still run? Or name another Spark in the connection spark_default, such as local[*]"
            )
        time.sleep(0.2)


def _ended(*urls: str) -> str:
    """End sessions, and return what kept them from ending, if anything did."""
    # In a process of its own. A signal's handler calls this, while its thread may have any lock of Spark's client.
    command = [sys.executable, "-m", __name__, *urls]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        return f"it has not answered for {SECONDS_TO_END} seconds"
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else ""


# Between two states of what it does, a server refuses to interrupt it.
@retry(stop=stop_after_attempt(5), wait=wait_fixed(0.5), reraise=True)
def end(url: str) -> None:
    """Interrupt all that a session does, and release it; nothing can be started in it any more."""
    # Not above: it takes a second.
    from pyspark.sql.connect.session import SparkSession

    session = SparkSession(url)
    # The default would try for ten minutes.
    session.client.set_retry_policies([])
    try:
        session.interruptAll()
        # Rows that the try kept on disk would stay as long as the server. Those of other sessions go, too: each that
        # needs them works them out again. A client that lives ends its session itself meanwhile.
        with suppress(Exception):
            session.catalog.clearCache()
        session.client.release_session()
    except Exception as error:
        if "SESSION_CLOSED" not in str(error):
            raise
    finally:
        session.client.close()


def answers(server: str) -> bool:
    """Return whether somebody listens at `sc://host:port`."""
    place = urlsplit(server)
    try:
        with socket.create_connection((place.hostname or "", place.port or DEFAULT_PORT), timeout=2):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    try:
        for url_of_try in sys.argv[1:]:
            end(url_of_try)
    except Exception as error:
        # What gRPC says is many lines.
        sys.exit(" ".join(str(error).split())[:300])
