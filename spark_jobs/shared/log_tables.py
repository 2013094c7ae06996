"""The tables of a log, by its contract: its events, its rejected records, its sessions."""

from __future__ import annotations

from functools import cache

from pyspark.sql import types as T

from spark_jobs.contract import LogContract
from spark_jobs.lake.tables import Table
from spark_jobs.shared import schemas
from spark_jobs.shared.spark_schema import spark_schema

REJECTED_RECORDS = Table("rejected_records", schemas.REJECTED_RECORDS, split_by="reason")


@cache
def events_table(log: LogContract) -> Table:
    """Return the table of a log's events."""
    return Table(log.events.name, spark_schema(log.events), bucketed_by=log.user)


@cache
def sessions_table(log: LogContract) -> Table:
    """Return the table of a log's sessions: who and when, then what the contract counts in each."""
    counts = [log.sessions.events, *(name for name, _ in log.sessions.distinct)]
    schema = T.StructType(
        [
            T.StructField("session_id", T.StringType()),
            events_table(log).schema[log.user],
            T.StructField("started_at", T.TimestampType()),
            T.StructField("ended_at", T.TimestampType()),
            T.StructField("duration_seconds", T.LongType()),
            *(T.StructField(name, T.LongType()) for name in counts),
            T.StructField("is_implausible", T.BooleanType()),
        ]
    )
    return Table("sessions", schema, bucketed_by=log.user)
