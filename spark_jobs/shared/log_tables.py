"""The tables of a log, by its contract: its accepted and rejected records, its sessions, and those of its answers."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pyspark.sql import types as T

from spark_jobs.contract import LogContract, Records
from spark_jobs.lake.tables import Table
from spark_jobs.shared.spark_schema import spark_schema

# `line` is binary: a rejected line may be no valid text, and it is kept to the byte. It lies in the part of the file
# that begins at byte `part_start`: Spark's reader tells no more of a line's place. A log with sensitive fields keeps
# no text of a line that cannot be parsed, but its number in the file, from 1, and a keyed hash of it.
REJECTED_RECORDS = Table(
    "rejected_records",
    T.StructType(
        [
            T.StructField("kind", T.StringType()),
            T.StructField("line", T.BinaryType()),
            T.StructField("file", T.StringType()),
            T.StructField("part_start", T.LongType()),
            T.StructField("line_number", T.LongType()),
            T.StructField("length", T.IntegerType()),
            T.StructField("hmac", T.StringType()),
            T.StructField("reason", T.StringType()),
        ]
    ),
    split_by="reason",
)
# Which accepted records came again, and how often; of a log whose warnings count a duplicate, too.
DUPLICATES = Table(
    "duplicates",
    T.StructType(
        [
            T.StructField("kind", T.StringType()),
            T.StructField("owner", T.StringType()),
            T.StructField("row_key", T.LongType()),
            T.StructField("records", T.LongType()),
        ]
    ),
)


@cache
def accepted_table(records: Records, owner: str) -> Table:
    """Return the table of the accepted records of one kind, in buckets by the column of their owner."""
    return Table(records.name, spark_schema(records), bucketed_by=owner, varied=records.varied)


def events_table(log: LogContract) -> Table:
    """Return the table of a log's events."""
    return kind_table(log, log.events)


def kind_table(log: LogContract, records: Records) -> Table:
    """Return the table of one kind of a log's accepted records."""
    return accepted_table(records, log.owner_of(records))


@cache
def sessions_table(log: LogContract) -> Table:
    """Return the table of a log's sessions: who and when, then what the contract counts in each.

    Where events last, seconds have a fraction, and `last_event_at` is when the session's last event starts.

    >>> from spark_jobs.shared.logs import contract_of
    >>> sessions_table(contract_of("notes")).schema.fieldNames()[5:8]
    ['interaction_count', 'distinct_page_count', 'page_view_count']
    >>> sessions_table(contract_of("notes")).schema.fieldNames()[-2:]
    ['active_seconds', 'last_event_at']
    """
    counts = [log.sessions.events, *(name for name, _ in log.sessions.distinct), *value_counts(log)]
    flags = ["is_implausible"] if log.sessions.implausible else []
    seconds = T.DoubleType() if log.sessions.lasts else T.LongType()
    active = [T.StructField("active_seconds", seconds), T.StructField(last_event(log), T.TimestampType())]
    schema = T.StructType(
        [
            T.StructField("session_id", T.StringType()),
            events_table(log).schema[log.user],
            T.StructField("started_at", T.TimestampType()),
            T.StructField("ended_at", T.TimestampType()),
            T.StructField("duration_seconds", seconds),
            *(T.StructField(name, T.LongType()) for name in counts),
            *(events_table(log).schema[name] for name in log.sessions.first),
            *(T.StructField(name, T.BooleanType()) for name in flags),
            *(active if log.sessions.lasts else []),
        ]
    )
    return Table("sessions", schema, bucketed_by=log.user)


def last_event(log: LogContract) -> str:
    """Return the column of a session that says when its last event starts."""
    return "last_event_at" if log.sessions.lasts else "ended_at"


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
    accepted = (kind_table(log, records) for records in log.kinds)
    duplicates = (DUPLICATES,) if any(records.duplicates_warned for records in log.kinds) else ()
    return (*accepted, REJECTED_RECORDS, *duplicates, sessions_table(log), *answers_tables(log))
