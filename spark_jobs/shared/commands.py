"""How a command of ours is typed where this code runs: by make in a clone, and in a container, which has no make."""

from __future__ import annotations

import shlex
from pathlib import Path

_MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"


def how_to_type(command: str, **given: str) -> str:
    """Return a command with its arguments, to be copied into a shell.

    >>> how_to_type("query", SQL="SELECT 1", LAKE="/lake")
    "make query SQL='SELECT 1' LAKE=/lake"
    """
    return by_make(command, **given) if _MAKEFILE.exists() else by_python(command, **given)


def by_make(command: str, **given: str) -> str:
    """Return a command as it is typed in a clone."""
    return " ".join([f"make {command}", *(f"{name}={shlex.quote(value)}" for name, value in given.items())])


def by_python(command: str, **given: str) -> str:
    """Return a command as it is typed without a Makefile.

    >>> by_python("publish", RUN_DATE="2009-05-04", REASON="late files")
    "python -m cli publish --run-date=2009-05-04 --reason='late files'"
    """
    options = (f"--{name.lower().replace('_', '-')}={shlex.quote(value)}" for name, value in given.items())
    return " ".join([f"python -m cli {command}", *options])
