"""A command as make starts it: its arguments as words, what is exported in its environment."""

from __future__ import annotations

import os
import sys
from typing import Any

# What begins so is exported before make; all else is typed after it.
EXPORTED = ("AIRFLOW", "LASTFM_", "JAVA_HOME", "http_proxy", "TZ", "FORCE_COLOR", "PYTHON")


def started(module: str, **variables: str) -> dict[str, Any]:
    """The arguments for `subprocess.run` with which make starts a module."""
    exported = {name: value for name, value in variables.items() if name.startswith(EXPORTED)}
    words = [f"{name}={value}" for name, value in variables.items() if name not in exported]
    return {"args": [sys.executable, "-m", module, *words], "env": {**os.environ, **exported}}
