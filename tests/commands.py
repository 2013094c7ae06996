"""A command as make starts it, and the command lines of all that runs meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil

# A variable with one of these prefixes is exported before make; all others are typed after it.
EXPORTED = ("AIRFLOW", "PIPELINE_", "SPARK_", "JAVA_HOME", "http_proxy", "TZ", "FORCE_COLOR", "PYTHON")


def started(command: str, **variables: str) -> dict[str, Any]:
    """The arguments for `subprocess.run` with which make starts a command, such as `cli run`."""
    exported = {name: value for name, value in variables.items() if name.startswith(EXPORTED)}
    typed = [option(name, value) for name, value in variables.items() if name not in exported]
    return {"args": [sys.executable, "-m", *command.split(), *typed], "env": {**os.environ, **exported}}


def option(name: str, value: str) -> str:
    """Return the option that make makes of an argument."""
    return f"--{name.lower().replace('_', '-')}={value}"


@contextmanager
def commands_noted(commands: set[str]) -> Iterator[None]:
    """Note the command lines of all processes below this one, as `ps` would, until the block ends."""
    over = threading.Event()

    def note() -> None:
        while not over.wait(0.2):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    commands.add(" ".join(process.cmdline()))

    thread = threading.Thread(target=note)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
