"""The kinds of records that a run judges, each with its rules and its table."""

from __future__ import annotations

from dataclasses import dataclass

from spark_jobs.contract import Csv, LogContract, Records
from spark_jobs.lake.tables import Table
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.log_tables import kind_table
from spark_jobs.shared.rules import Rules, rules_of


class UnreadLogError(DataError):
    """A log of a form that data_quality cannot read yet."""


@dataclass(frozen=True)
class Kind:
    """One kind of records: what its contract says, its rules, and the table of those that are accepted."""

    records: Records
    rules: Rules
    accepted: Table

    @property
    def name(self) -> str:
        """Return the name of the kind, which is that of its table."""
        return self.records.name

    @property
    def owner(self) -> str:
        """Return the column that says whose a record is, by which the table has its buckets."""
        return self.accepted.bucketed_by


def kinds_of(log: LogContract) -> tuple[Kind, ...]:
    """Return the kinds of records of a log, the events first.

    Raises UnreadLogError, or MissingRulesError, where they cannot be read: a record must be a line.
    """
    if isinstance(log.format, Csv):
        raise UnreadLogError(
            f"the log {log.name} is CSV, where a record may have several lines; read are only lines yet"
        )
    return tuple(Kind(records, rules_of(log, records), kind_table(log, records)) for records in log.kinds)
