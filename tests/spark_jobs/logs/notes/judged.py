"""Notes logs as data_quality judges them: files of bytes in, what it left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tries import new_try
from spark_jobs.shared import loads
from spark_jobs.shared.arguments import MANUAL
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import answers_tables
from spark_jobs.shared.records import DataQualityRecord
from tests.jobs import run_data_quality
from tests.published import publish_tables


@dataclass(frozen=True)
class Judged:
    """The record of a run, its accepted rows by kind, and its rejected records: kind, reason, file, line, bytes."""

    record: DataQualityRecord
    accepted: dict[str, list[dict[str, Any]]]
    rejected: list[tuple[str, str, str, int | None, bytes]]

    @property
    def reasons(self) -> dict[str, dict[str, int]]:
        """How many records were rejected for each reason that any was, by kind."""
        found = {"interactions": self.record.rejected} | {
            name: kind.rejected for name, kind in self.record.others.items()
        }
        return {kind: {name: count for name, count in counts.items() if count} for kind, counts in found.items()}


def write_files(files: Mapping[str, bytes], directory: Path) -> Path:
    """Write the files of a log by their paths below a directory, and return that."""
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)
    return directory


def judge(
    spark: SparkSession, lake: Lake, files: Mapping[str, bytes], run_date: date, load: str = loads.FULL
) -> Judged:
    """Judge a log, whose files go into a directory beside the lake."""
    directory = write_files(files, Path(lake.root).with_name(f"log {run_date}"))
    record = run_data_quality(spark, DataQualityJob(str(directory), lake, run_date, load=load))
    with lake.catalog.open() as catalog:
        found = {
            name: catalog.load_table((lake.log, name)).scan(snapshot_id=snapshot).to_arrow().to_pylist()
            for name, snapshot in record.snapshots.items()
        }
    rejected = [
        (row["kind"], row["reason"], row["file"].removeprefix(f"{directory}/"), row["line_number"], row["line"])
        for row in found.pop("rejected_records")
    ]
    return Judged(record, found, rejected)


def publish(lake: Lake, judged: Judged) -> None:
    """Publish what data_quality made of a date, with an answer of no row."""
    day, log = judged.record.run_date, lake.contract
    answer = next(table for table in answers_tables(log) if table.name == lake.answer)
    events = log.events.name
    stage = new_try(lake.catalog, log.name, Stamp(day, MANUAL, log.answers, {events: judged.record.snapshots[events]}))
    publish_tables(lake, day, {**judged.record.snapshots, answer.name: stage.replace_here(None, answer)}, MANUAL)
