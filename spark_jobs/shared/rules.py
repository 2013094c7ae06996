"""What the rules of one kind of records are, and where the rules of a log are found: by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module

from pyspark.sql import Column, DataFrame

from spark_jobs.contract import LogContract, Records
from spark_jobs.shared.errors import DataError


class MissingRulesError(DataError):
    """A log has a contract and no rules, so that nothing can judge its records."""


@dataclass(frozen=True)
class WrittenLine:
    """The line that the columns of an accepted record give: a line that it `is` need not be carried along.

    `is_the_line` is asked of a record with all that `Rules.parse` has made of its `line`, and the number `warnings`
    with a bit for each warning, the first the lowest. `line` is asked of the record's columns alone.
    """

    line: Callable[[], Column]
    is_the_line: Callable[[], Column]


@dataclass(frozen=True)
class Rules:
    """How the lines of one kind of records are read and judged.

    `parse` takes `line` (string, perhaps invalid UTF-8) and other columns. It adds a column for each field of the
    contract, null where the line lacks the field, and the columns that conditions need. `reasons` (for a run date) and
    `warnings` give a condition for each name of the contract except `duplicate`. A reason that is null does not apply;
    a warning is true or false.
    `written`: without it each record carries its line along.
    `kept`: what is kept of a parsed line that is rejected, by the columns `line`, `length` and `hmac`; without it that
    is the line itself.
    """

    parse: Callable[[DataFrame], DataFrame]
    reasons: Callable[[date], Mapping[str, Column]]
    warnings: Callable[[], Mapping[str, Column]]
    written: WrittenLine | None = None
    kept: Callable[[], Mapping[str, Column]] | None = None


def rules_of(log: LogContract, records: Records) -> Rules:
    """Return the rules of one kind of records: RULES in `rules.py` of the log's package has them by the kind's name.

    Raises MissingRulesError where the log has none.
    """
    module = f"spark_jobs.logs.{log.name}.rules"
    try:
        return import_module(module).RULES[records.name]
    except (ModuleNotFoundError, KeyError) as error:
        # What a module of the log imports may be missing, too.
        if isinstance(error, ModuleNotFoundError) and not f"{module}.".startswith(f"{error.name}."):
            raise
        raise MissingRulesError(
            f"the log {log.name} has no rules for its {records.name}, so they cannot be judged; add them to RULES in "
            f"{module.replace('.', '/')}.py"
        ) from None
