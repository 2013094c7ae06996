"""Which function says what a check looks at: the log's own, or that of every log."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from include.expectations.any_log import checks
from include.expectations.table import Table
from spark_jobs.contract import LogContract

Tables = Callable[..., list[Table]]


class NoCheckError(LookupError):
    """A table has no check: neither its log has one for it, nor every log."""


def tables_of(contract: LogContract, table: str) -> Tables:
    """Return the function that looks at a table: `include.expectations.<log>.checks.<table>`, else that of every log.

    It is called with `(spark, lake, run_date, snapshots, **facts)`. Raises NoCheckError where there is neither.
    """
    of_every_log: dict[str, Tables] = {contract.events.name: checks.events, "sessions": checks.sessions}
    own = f"include.expectations.{contract.name}.checks"
    try:
        found = getattr(import_module(own), table, None)
    except ModuleNotFoundError as error:
        # Not one that the log's own checks lack.
        if error.name not in (own, own.removesuffix(".checks")):
            raise
        found = None
    if found or table in of_every_log:
        return found or of_every_log[table]
    raise NoCheckError(f"found no check of {contract.name}.{table}; write the function {table} in {own}")
