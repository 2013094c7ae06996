"""The programs that are compared on the log of a shop: how each is started, and where its answers are read."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from upath import UPath

from benchmarks.benched import DUCKDB_WORK, Benched, Program, dag_programs
from include.sample_data.shop import answer, shape
from include.sample_data.shop.generate_log import LAST_DAY
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord

FILES = (
    "funnel",
    "summary",
    "warnings",
    "daily_metrics",
    "tier_metrics",
    "product_performance",
    "customer_value",
)
Nested = Mapping[str, Mapping[str, int]]


def programs(log: Path, lake: Path, scratch: Path) -> dict[str, Program]:
    """Return all that is compared on one log; a DAG reads where that is from its environment."""
    work = scratch / "duckdb-work"
    in_duckdb = [sys.executable, "-m", "benchmarks.shop.duckdb_work", str(log), str(work), str(LAST_DAY)]
    return {
        **dag_programs("shop", log, lake, scratch, LAST_DAY, lambda: of_dag(lake)),
        DUCKDB_WORK: Program(in_duckdb, lambda: of_duckdb(work), lambda: shutil.rmtree(work, ignore_errors=True)),
    }


def of_dag(lake: Path) -> dict[str, Any]:
    """Return the facts of the answers' files, the rejected records from the stage's record."""
    shop = Lake(str(lake), "shop")
    record = read_record(shop, DataQualityRecord, LAST_DAY)
    rejected = {"events": record.rejected, **{kind: other.rejected for kind, other in record.others.items()}}
    return {"rejected": flat(rejected), **of_files(shop.report(LAST_DAY))}


def of_duckdb(work: Path) -> dict[str, Any]:
    """Return the facts of the answers' files, the rejected records from their file."""
    counts = "SELECT kind || ' ' || reason, count(*) FROM read_parquet($file) GROUP BY ALL"
    rejected = duckdb.execute(counts, {"file": str(work / "rejected.parquet")}).fetchall()
    return {"rejected": [f"{name} {count}" for name, count in sorted(rejected)], **of_files(work)}


def of_files(directory: Path | UPath) -> dict[str, Any]:
    """Return the rows of every file, and of those the facts that the generator knows, under the names it gives them."""
    rows = {name: (directory / f"{name}.tsv").read_bytes().decode().removesuffix("\n").split("\n") for name in FILES}
    fields = {name: [row.split("\t") for row in rows[name][1:]] for name in FILES}
    summary = {metric: int(value) if value.isdigit() else value for metric, value in fields["summary"]}
    by_session = [row for row in fields["funnel"] if row[:2] == ["session", "all"]]
    return {
        **{f"{name}.tsv": lines for name, lines in rows.items()},
        **summary,
        "warnings": sorted(f"{kind} {name} {count}" for kind, name, count in fields["warnings"] if count != "0"),
        "funnel_by_session": {step: int(reached) for _, _, _, _, step, reached, *_ in by_session},
    }


def known(log: Path) -> dict[str, Any]:
    """Return what the generator knows of a log, in the form of `of_files`."""
    facts = json.loads(answer.beside(log).read_text(encoding="utf-8"))
    return {**facts, "rejected": flat(facts["rejected"]), "warnings": flat(facts["warnings"])}


def flat(counts: Nested) -> list[str]:
    """Return counts by kind and name as rows, without those of 0."""
    return sorted(f"{kind} {name} {count}" for kind, names in counts.items() for name, count in names.items() if count)


def generated(facts: Mapping[str, Any]) -> dict[str, float]:
    """Return by how many points the share of an event type is off at most."""
    types = facts["events_by_type"]
    events = sum(types.values())
    return {
        "points a type's share is off, at most": max(
            abs(100 * types[name] / events - share) for name, share in shape.TYPE_SHARES.items()
        )
    }


BENCHED = Benched(
    events="events",
    generator="include.sample_data.shop.generate_log",
    size="--events",
    file="log",
    run_date=LAST_DAY,
    programs=programs,
    answer=known,
    generated=generated,
)
