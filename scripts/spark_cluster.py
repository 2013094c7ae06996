"""What a Spark standalone cluster on loopback needs, and what its master says of it."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from scripts.environment import PROJECT
from scripts.java import java_home

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Cluster:
    """Where the master is, and what it says of itself."""

    port: int
    web_port: int

    @property
    def url(self) -> str:
        """What a driver is told."""
        return f"spark://{HOST}:{self.port}"

    def state(self) -> dict[str, Any]:
        """Return the master's own account: workers, applications; empty while it does not answer."""
        return answer_of(self.web_port, "/json/") or {}


def answer_of(port: int, path: str) -> Any:
    """Return the JSON that a service on loopback answers with, or None."""
    with closing(HTTPConnection(HOST, port, timeout=10)) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status < 400 else None  # noqa: PLR2004
        except (OSError, HTTPException, ValueError):
            return None


def clean_environment() -> dict[str, str]:
    """Return what a worker on another machine has: Java and Python, no PYTHONPATH, nothing of Airflow's or ours."""
    return {
        "HOME": os.environ.get("HOME", "/"),
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": HOST,
    }


def free_port() -> int:
    """Return a port of loopback on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
