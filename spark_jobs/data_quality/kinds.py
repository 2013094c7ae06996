"""The kind of records that a run judges."""

from __future__ import annotations

from dataclasses import dataclass

from spark_jobs.contract import Csv, LogContract, Records
from spark_jobs.lake.tables import Table
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.log_tables import events_table
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
    def user(self) -> str:
        """Return the column that names the user, by which the table has its buckets."""
        return self.accepted.bucketed_by


def only_kind(log: LogContract) -> Kind:
    """Return the kind of records that a log has; raises UnreadLogError, or MissingRulesError, where it cannot be read.

    A record must be a line, and all lines of one kind.
    """
    if log.others:
        names = ", ".join(records.name for records in log.kinds)
        raise UnreadLogError(
            f"the log {log.name} has {len(log.kinds)} kinds of records ({names}), read is only one yet"
        )
    if isinstance(log.format, Csv):
        raise UnreadLogError(
            f"the log {log.name} is CSV, where a record may have several lines; read are only lines yet"
        )
    return Kind(log.events, rules_of(log, log.events), events_table(log))
