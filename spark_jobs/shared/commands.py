"""How a command of ours is typed where this code runs: by make in a clone, and in a container, which has no make."""

from __future__ import annotations

import shlex
from pathlib import Path

_MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"
# Where a target and its module differ in name.
_MODULES = {"run": "run_pipeline"}


def how_to_type(target: str, **given: str) -> str:
    """Return a command with its arguments, to be copied into a shell.

    >>> how_to_type("query", SQL="SELECT 1", LAKE="/lake").partition("query ")[2]
    "SQL='SELECT 1' LAKE=/lake"
    """
    command = f"make {target}" if _MAKEFILE.exists() else f"python -m cli.{_MODULES.get(target, target)}"
    return " ".join([command, *(f"{name}={shlex.quote(value)}" for name, value in given.items())])
