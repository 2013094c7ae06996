"""Lakes with published runs of plain rows, made without Spark."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog

from include.telemetry.event_logs import read_figures
from spark_jobs.lake import tables
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.stamps import Stamp
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.documents import read_record, write_record
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import tables_of

Rows = list[dict[str, Any]]
# In one partition each, for only Spark can number buckets.
_TABLES = {table.name: replace(table, bucketed_by="") for table in tables_of(LISTENING)}


def run_id_of(run_date: date) -> str:
    return f"run {run_date}"


def write_tables(
    lake: Lake, run_date: date, rows: Mapping[str, Rows], run_id: str = "", base: int | None = None
) -> dict[str, int]:
    """Write tables as the stages of a run do, the listens beside those of a base, and return their snapshots."""
    stamp = Stamp(run_date, run_id or run_id_of(run_date), "test")
    stamps = {LISTENS.name: replace(stamp, made_from={LISTENS.name: base} if base else {})}
    with lake.catalog.open() as catalog:
        tables.prepare(catalog, "listening", [_TABLES[name] for name in {*rows, ANSWER.name}], buckets=1)
        return {name: _written(catalog, name, of_table, stamps.get(name, stamp)) for name, of_table in rows.items()}


def publish_tables(lake: Lake, run_date: date, snapshots: Mapping[str, int], run_id: str = "") -> None:
    """Publish snapshots, with what the stages have left so far, if anything."""
    run = run_id or run_id_of(run_date)
    keep_publication(lake, run_date, snapshots, run)
    with lake.catalog.open() as catalog:
        publish(catalog, Publication(lake.log, run_date, run, snapshots, lake.answer, over_newer=True))


def keep_publication(lake: Lake, run_date: date, snapshots: Mapping[str, int], run_id: str) -> None:
    """Keep what the stages of a run have left, if anything, as that of a published one."""
    records, stages = {}, (*lake.contract.stages, *lake.contract.checks)
    for stage in stages:
        with suppress(MissingRecordError):
            records[stage] = read_record(lake, stage, run_date)
    spark = {stage: figures for stage in stages if (figures := read_figures(lake, stage, run_date))}
    kept = {"run_id": run_id, "snapshots": dict(snapshots), "decision": None, "records": records, "spark": spark}
    write_record(lake.publication(run_date, snapshots[lake.answer]), kept)


def leave_record(lake: Lake, stage: str, run_date: date, record: Mapping[str, Any]) -> None:
    """Write a stage's record as its last try does. A check's record has no unmet claims by default."""
    nothing = {"stage": stage, "snapshots": {}, "critical": [], "errors": []}
    write_record(lake.stage_record(stage, run_date), {**nothing, **record})


def _written(catalog: Catalog, name: str, rows: Rows, stamp: Stamp) -> int:
    table, branch = catalog.load_table(("listening", name)), stamp.new_branch()
    empty = min(table.snapshots(), key=lambda snapshot: snapshot.sequence_number)
    table.manage_snapshots().create_branch(empty.snapshot_id, branch).commit()
    arrow = pa.Table.from_pylist(rows, schema=table.schema().as_arrow())
    table.append(arrow, snapshot_properties=stamp.properties(), branch=branch)
    return table.metadata.refs[branch].snapshot_id
