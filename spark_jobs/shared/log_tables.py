"""The tables of a log, by its contract: its accepted and rejected records, its sessions, and those of its answers."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pyspark.sql import types as T

from spark_jobs.contract import LogContract, Records
from spark_jobs.lake.tables import Table
from spark_jobs.shared.spark_schema import spark_schema

# `line` is binary: a rejected line may be no valid text, and it is kept to the byte. It lies in the part of the file
# that begins at byte `part_start`: Spark's reader tells no more of a line's place.
REJECTED_RECORDS = Table(
    "rejected_records",
    T.StructType(
        [
            T.StructField("line", T.BinaryType()),
            T.StructField("file", T.StringType()),
            T.StructField("part_start", T.LongType()),
            T.StructField("reason", T.StringType()),
        ]
    ),
    split_by="reason",
)


@cache
def accepted_table(records: Records, user: str) -> Table:
    """Return the table of the accepted records of one kind, which have a column that names the user."""
    return Table(records.name, spark_schema(records), bucketed_by=user, varied=records.varied)


def events_table(log: LogContract) -> Table:
    """Return the table of a log's events."""
    return accepted_table(log.events, log.user)


@cache
def sessions_table(log: LogContract) -> Table:
    """Return the table of a log's sessions: who and when, then what the contract counts in each.

    >>> from spark_jobs.shared.logs import contract_of
    >>> sessions_table(contract_of("notes")).schema.fieldNames()[5:8]
    ['interaction_count', 'distinct_page_count', 'page_view_count']
    """
    counts = [log.sessions.events, *(name for name, _ in log.sessions.distinct), *value_counts(log)]
    flags = ["is_implausible"] if log.sessions.implausible else []
    schema = T.StructType(
        [
            T.StructField("session_id", T.StringType()),
            events_table(log).schema[log.user],
            T.StructField("started_at", T.TimestampType()),
            T.StructField("ended_at", T.TimestampType()),
            T.StructField("duration_seconds", T.LongType()),
            *(T.StructField(name, T.LongType()) for name in counts),
            *(T.StructField(name, T.BooleanType()) for name in flags),
        ]
    )
    return Table("sessions", schema, bucketed_by=log.user)


def value_counts(log: LogContract) -> dict[str, str]:
    """Return the columns of a session that count the values of `Sessions.each`, with the value of each.

    >>> from spark_jobs.shared.logs import contract_of
    >>> list(value_counts(contract_of("shop")).items())[0]
    ('page_view_count', 'PAGE_VIEW')
    """
    values = log.events.values_of(log.sessions.each) if log.sessions.each else ()
    return {f"{value.lower()}_count": value for value in values}


def answers_tables(log: LogContract) -> tuple[Table, ...]:
    """Return the tables of a log's answers: TABLES in `tables.py` of the package that makes them."""
    return import_module(f"spark_jobs.{log.answers}.tables").TABLES


def tables_of(log: LogContract) -> tuple[Table, ...]:
    """Return all tables of a log, in the order in which a run writes them."""
    return (events_table(log), REJECTED_RECORDS, sessions_table(log), *answers_tables(log))
