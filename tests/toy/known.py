"""The toy log as a log of the product, for as long as a test lasts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import spark_jobs
import spark_jobs.logs
from spark_jobs.contract import LogContract
from spark_jobs.logs.contracts import CONTRACTS

TREE = Path(__file__).with_name("tree")
_PLACES = {spark_jobs: TREE / "spark_jobs", spark_jobs.logs: TREE / "spark_jobs" / "logs"}
_PACKAGES = ("spark_jobs.logs.doors", "spark_jobs.door_counts")


@contextmanager
def toy_log() -> Iterator[LogContract]:
    """Have its packages found where those of a log are, and its line in the dictionary of contracts."""
    paths = [patch.object(package, "__path__", [*package.__path__, str(place)]) for package, place in _PLACES.items()]
    for path in paths:
        path.start()
    try:
        contract = import_module("spark_jobs.logs.doors.contract").DOORS
        with patch.dict(CONTRACTS, {contract.name: contract}):
            yield contract
    finally:
        for path in paths:
            path.stop()
        for name in [name for name in sys.modules if name.startswith(_PACKAGES)]:
            del sys.modules[name]
