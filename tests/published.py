"""Lakes with published runs of plain rows, made without Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog

from include.telemetry.event_logs import read_costs
from spark_jobs.lake import tables
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.stamps import Stamp
from spark_jobs.shared.documents import DATA_QUALITY, read_check, read_record, write_record
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import tables_of
from spark_jobs.shared.publication_record import Decision, publication_record_of
from spark_jobs.shared.records import CheckRecord, StageRecord, record_of
from tests.records import told

Rows = list[dict[str, Any]]


def run_id_of(run_date: date) -> str:
    return f"run {run_date}"


def write_tables(
    lake: Lake, run_date: date, rows: Mapping[str, Rows], run_id: str = "", base: int | None = None
) -> dict[str, int]:
    """Write tables as the stages of a run do, the events beside those of a base, and return their snapshots."""
    stamp, events = Stamp(run_date, run_id or run_id_of(run_date), "test"), lake.contract.events.name
    stamps = {events: replace(stamp, made_from={events: base} if base else {})}
    # In one partition each, for only Spark can number buckets.
    all_tables = {table.name: replace(table, bucketed_by="") for table in tables_of(lake.contract)}
    with lake.catalog.open() as catalog:
        tables.prepare(catalog, lake.log, [all_tables[name] for name in {*rows, lake.answer}], buckets=1)
        return {
            name: _written(catalog, (lake.log, name), of_table, stamps.get(name, stamp))
            for name, of_table in rows.items()
        }


def publish_tables(lake: Lake, run_date: date, snapshots: Mapping[str, int], run_id: str = "") -> None:
    """Publish snapshots, with what the stages have left so far, if anything."""
    run = run_id or run_id_of(run_date)
    keep_publication(lake, run_date, snapshots, run)
    with lake.catalog.open() as catalog:
        publish(catalog, Publication(lake.log, run_date, run, snapshots, lake.answer, over_newer=True))


def keep_publication(
    lake: Lake, run_date: date, snapshots: Mapping[str, int], run_id: str, decision: Decision | None = None
) -> None:
    """Keep what the stages of a run have left as that of a published one; what is missing says nothing."""
    log = lake.contract
    quality, analysis, answers = (_left(lake, stage, run_date) for stage in log.stages)
    costs = {stage: read_costs(lake, stage, run_date) for stage in (*log.stages, *log.checks)}
    kept = publication_record_of(log)(
        run_date=run_date,
        run_id=run_id,
        snapshots=dict(snapshots),
        decision=decision,
        data_quality=quality,
        session_analysis=analysis,
        answers=answers,
        checks={check: _left(lake, check, run_date) for check in log.checks},
        spark={stage: found for stage, found in costs.items() if found},
    )
    write_record(lake.publication(run_date, snapshots[lake.answer]), kept)


def leave_record(lake: Lake, stage: str, run_date: date, record: Mapping[str, Any]) -> None:
    """Write a stage's record, or a check's, as its last try does: what is not given says nothing."""
    write_record(lake.stage_record(stage, run_date), told(lake.contract, stage, run_date, record))


def leave_records(lake: Lake, run_date: date, snapshots: Mapping[str, int], run_id: str = "", **quality: Any) -> None:
    """Write the records of all stages and checks of a run; `quality`: what data_quality says."""
    for stage in lake.contract.stages:
        record = {"snapshots": snapshots, "run_id": run_id or run_id_of(run_date)}
        leave_record(lake, stage, run_date, {**record, **quality} if stage == DATA_QUALITY else record)
    for check in lake.contract.checks:
        leave_record(lake, check, run_date, {"snapshots": snapshots})


def _left(lake: Lake, stage: str, run_date: date) -> StageRecord | CheckRecord:
    try:
        if stage in lake.contract.checks:
            return read_check(lake, stage, run_date)
        return read_record(lake, record_of(lake.contract, stage), run_date)
    except MissingRecordError:
        return told(lake.contract, stage, run_date, {})


def _written(catalog: Catalog, name: tuple[str, str], rows: Rows, stamp: Stamp) -> int:
    table, branch = catalog.load_table(name), stamp.new_branch()
    empty = min(table.snapshots(), key=lambda snapshot: snapshot.sequence_number)
    table.manage_snapshots().create_branch(empty.snapshot_id, branch).commit()
    arrow = pa.Table.from_pylist(rows, schema=table.schema().as_arrow())
    table.append(arrow, snapshot_properties=stamp.properties(), branch=branch)
    return table.metadata.refs[branch].snapshot_id
