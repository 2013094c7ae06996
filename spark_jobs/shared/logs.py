"""The logs that there are, found by their names: no stage imports one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spark_jobs.contract import LogContract


def contracts() -> dict[str, LogContract]:
    """Return the contract of every log, by the log's name."""
    return import_module("spark_jobs.logs.contracts").CONTRACTS


def contract_of(log: str) -> LogContract:
    """Return the contract of a log; raises KeyError that lists the logs there are."""
    found = contracts()
    if log not in found:
        raise KeyError(f"found the log {log!r}, allowed is one of {', '.join(found)}")
    return found[log]
