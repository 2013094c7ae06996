"""What the rules of one kind of records are, and where the rules of a log are found: by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

from pyspark.sql import Column, DataFrame

from spark_jobs.contract import LogContract, Records
from spark_jobs.shared.errors import DataError


class MissingRulesError(DataError):
    """A log has a contract and no rules, so that nothing can judge its records."""


# From the accepted records by kind to those that others show a warning of, by kind and warning. Where duplicates are
# warned of, too: columns `owner` (that of the kind) and `row_key`, one row a record. Elsewhere: `records` (long).
FlagAcross = Callable[[Mapping[str, DataFrame]], Mapping[str, Mapping[str, DataFrame]]]


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
    `kept`: what is stored of a rejected line: the columns `line`, `length` and `hmac`; without it the line itself.
    `unparsed`: the reasons of lines of which no text is kept.
    `within_load`: a column that `parse` makes, which tells records of one load apart beside the contract's `same`.
    `has_line_numbers`: lines come with a `line_number` (long), null where Spark cannot tell it.
    """

    parse: Callable[[DataFrame], DataFrame]
    reasons: Callable[[date], Mapping[str, Column]]
    warnings: Callable[[], Mapping[str, Column]]
    written: WrittenLine | None = None
    kept: Callable[[], Mapping[str, Column]] | None = None
    unparsed: tuple[str, ...] = ()
    within_load: str = ""
    has_line_numbers: bool = False


def rules_of(log: LogContract, records: Records) -> Rules:
    """Return the rules of one kind of records: RULES in `rules.py` of the log's package has them by the kind's name.

    Raises MissingRulesError where the log has none.
    """
    name = f"its {records.name}, so they cannot be judged"
    try:
        return _module(log, name).RULES[records.name]
    except KeyError:
        raise _missing(log, name) from None


def flag_across_of(log: LogContract) -> FlagAcross:
    """Return what flags records for warnings that only others show: `flag_across` in `rules.py` of the log's package.

    Raises MissingRulesError where the log has none.
    """
    name = "the warnings that only other records show"
    try:
        return _module(log, name).flag_across
    except AttributeError:
        raise _missing(log, name) from None


def _module(log: LogContract, needed: str) -> Any:
    module = f"spark_jobs.logs.{log.name}.rules"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # What a module of the log imports may be missing, too.
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        raise _missing(log, needed) from None


def _missing(log: LogContract, needed: str) -> MissingRulesError:
    place = f"spark_jobs/logs/{log.name}/rules.py"
    return MissingRulesError(f"the log {log.name} has no rules for {needed}; add them to {place}")
