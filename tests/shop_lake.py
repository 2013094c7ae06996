"""A lake that has the rows of a shop, and the records of the stages that would have made them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from spark_jobs.conversion.answers import Rows
from spark_jobs.conversion.tables import TABLES
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import prepare
from spark_jobs.lake.tries import BUCKET, in_buckets, new_try, number_buckets
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.tables import EVENTS, SESSIONS, TRANSACTIONS, USERS
from spark_jobs.shared.arguments import MANUAL
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from tests.records import told
from tests.shop_frames import SESSIONS_SCHEMA

SHOP_SESSIONS = replace(SESSIONS, schema=SESSIONS_SCHEMA)
ORDERS = {
    EVENTS: ("occurred_at",),
    TRANSACTIONS: ("occurred_at",),
    USERS: ("valid_from",),
    SHOP_SESSIONS: ("started_at",),
}


def fill(lake: Lake, rows: Rows, run_date: date, buckets: int = 2) -> dict[str, int]:
    """Write the rows of each kind and the sessions, with records of their stages; return the snapshots. Runs Spark."""
    with lake.catalog.open() as catalog:
        prepare(catalog, lake.log, [*ORDERS, *TABLES], buckets)
    stage = new_try(lake.catalog, lake.log, Stamp(run_date, MANUAL, "data_quality", {}))
    snapshots = {}
    for (table, order), frame in zip(ORDERS.items(), vars(rows).values(), strict=True):
        numbered = in_buckets(number_buckets(frame, table, buckets), table, buckets, *order)
        snapshots[table.name] = stage.replace(numbered.drop(BUCKET), table)
    sessions = {SESSIONS.name: snapshots.pop(SESSIONS.name)}
    minutes = {"session_gap_minutes": SHOP.sessions.gap.total_seconds() // 60}
    cut = {"made_from": {EVENTS.name: snapshots[EVENTS.name]}, "parameters": minutes}
    _write(lake, "data_quality", run_date, {"snapshots": snapshots, "warnings": {"unnamed_field": 3}})
    _write(lake, "session_analysis", run_date, {"snapshots": sessions, **cut})
    return snapshots | sessions


def _write(lake: Lake, stage: str, run_date: date, record: dict[str, object]) -> None:
    write_record(lake.stage_record(stage, run_date), told(SHOP, stage, run_date, record))
