"""The sources of the answers: the run's snapshots of all kinds of records, and its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import SparkSession

from spark_jobs.conversion.answers import Rows
from spark_jobs.lake.tables import buckets_of
from spark_jobs.lake.tries import read
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.tables import EVENTS, SESSIONS, TRANSACTIONS, USERS
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import sessions_cut
from spark_jobs.shared.records import DataQualityRecord

# What the answers look at; no answer asks what a product is called.
_READ = (EVENTS, TRANSACTIONS, USERS, SESSIONS)


@dataclass(frozen=True)
class Shop:
    """The rows that the answers are made of, the `snapshots` that they are, by table, and the warnings of records.

    `buckets`: how many the events lie in.
    """

    rows: Rows
    buckets: int
    snapshots: dict[str, int]
    warnings: list[dict[str, str | int]]


def read_shop(
    spark: SparkSession, lake: Lake, run_date: date, events: int | None, sessions: int | None, gap: timedelta
) -> Shop:
    """Return what the stages before have made for a run date; with None, what they made last.

    Raises MissingRecordError, OtherRecordError, SessionsOfOtherGapError or SessionsOfOtherEventsError.
    """
    judged = read_record_of(lake, DataQualityRecord, run_date, {EVENTS.name: events})
    cut = sessions_cut(lake, run_date, sessions, judged.snapshots[EVENTS.name], gap)
    snapshots = judged_snapshots(judged) | {SESSIONS.name: cut.snapshots[SESSIONS.name]}
    rows = Rows(*(read(spark, lake.log, table, snapshots[table.name]) for table in _READ))
    with lake.catalog.open() as catalog:
        buckets = buckets_of(catalog, lake.log, EVENTS)
    return Shop(rows, buckets, snapshots, warnings_of(judged))


def judged_snapshots(record: DataQualityRecord) -> dict[str, int]:
    """Return the snapshots of the kinds of records that answers look at, by table."""
    return {table.name: record.snapshots[table.name] for table in (EVENTS, TRANSACTIONS, USERS)}


def warnings_of(record: DataQualityRecord) -> list[dict[str, str | int]]:
    """Return the rows of WARNINGS: each warning that a record of the whole log can have, also where none has it."""
    return [
        {"kind": kind.name, "warning": name, "records": record.log_warnings[kind.name][name]}
        for kind in SHOP.kinds
        for name in kind.warning_names
    ]
