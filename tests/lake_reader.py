"""The lake as anyone else would read it: plain Parquet, without Spark and without our code."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from spark_jobs.shared.lake import Lake


def rows(lake: Lake, dataset: str, run_date: date) -> list[tuple[Any, ...]]:
    """The rows of a run's partition in file order; of rejected listens `(line, reason, file)`."""
    files = sorted(str(file) for file in Path(lake.partition(dataset, run_date)).rglob("*.parquet"))
    if not files:
        return []
    partitioning = ds.partitioning(flavor="hive")
    table = ds.dataset(
        files, partitioning=partitioning, partition_base_dir=lake.partition(dataset, run_date)
    ).to_table()
    if dataset == "rejected_listens":
        table = table.select(["line", "reason", "file"])
    return [tuple(row.values()) for row in table.to_pylist()]
