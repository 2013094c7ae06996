"""The kinds of records that a run judges, each with its rules and its table."""

from __future__ import annotations

from dataclasses import dataclass

from spark_jobs.contract import Format, LogContract, Records
from spark_jobs.lake.tables import Table
from spark_jobs.shared.log_tables import kind_table
from spark_jobs.shared.rules import Rules, rules_of


@dataclass(frozen=True)
class Kind:
    """One kind of records: what its contract says, its form in files, its rules, and the table of accepted ones."""

    records: Records
    form: Format
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
    """Return the kinds of records of a log, the events first; raises MissingRulesError where one has no rules."""
    return tuple(Kind(records, log.format, rules_of(log, records), kind_table(log, records)) for records in log.kinds)
