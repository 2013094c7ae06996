"""Lakes with published runs of plain rows, made without Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog

from spark_jobs.lake import tables
from spark_jobs.lake.listening import ANSWER, NAMESPACE, TABLES
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.stamps import Stamp
from spark_jobs.shared.lake import Lake

Rows = list[dict[str, Any]]
# In one partition each, for only Spark can number buckets.
_TABLES = {table.name: replace(table, bucketed_by="") for table in TABLES}


def run_id_of(run_date: date) -> str:
    return f"run {run_date}"


def write_tables(lake: Lake, run_date: date, rows: Mapping[str, Rows], run_id: str = "") -> dict[str, int]:
    """Write tables as the stages of a run do, and return their snapshots."""
    stamp = Stamp(run_date, run_id or run_id_of(run_date), "test")
    with lake.catalog.open() as catalog:
        tables.prepare(catalog, NAMESPACE, [_TABLES[name] for name in {*rows, ANSWER.name}], buckets=1)
        return {name: _written(catalog, name, of_table, stamp) for name, of_table in rows.items()}


def publish_tables(lake: Lake, run_date: date, snapshots: Mapping[str, int], run_id: str = "") -> None:
    with lake.catalog.open() as catalog:
        run = run_id or run_id_of(run_date)
        publish(catalog, Publication(NAMESPACE, run_date, run, snapshots, ANSWER.name, over_newer=True))


def _written(catalog: Catalog, name: str, rows: Rows, stamp: Stamp) -> int:
    table, branch = catalog.load_table((NAMESPACE, name)), stamp.new_branch()
    empty = min(table.snapshots(), key=lambda snapshot: snapshot.sequence_number)
    table.manage_snapshots().create_branch(empty.snapshot_id, branch).commit()
    arrow = pa.Table.from_pylist(rows, schema=table.schema().as_arrow())
    table.append(arrow, snapshot_properties=stamp.properties(), branch=branch)
    return table.metadata.refs[branch].snapshot_id
