"""The three jobs of the notes as tests run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.engagement import job as engagement
from spark_jobs.engagement.job import EngagementJob
from spark_jobs.engagement.record import EngagementRecord
from spark_jobs.lake.tables import Table
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord
from tests.jobs import knowing, run_data_quality, run_session_analysis


@dataclass(frozen=True)
class Told:
    """The records of the three stages."""

    judged: DataQualityRecord
    cut: SessionAnalysisRecord
    answered: EngagementRecord


def write_files(files: Mapping[str, bytes], directory: Path) -> Path:
    """Write files by their names, such as `users/all.csv`; return the directory of all."""
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def run_notes(spark: SparkSession, lake: Lake, log: Path, run_date: date, load: str = loads.FULL) -> Told:
    """Run the three jobs on a log."""
    judged = run_data_quality(spark, DataQualityJob(str(log), lake, run_date, load=load))
    cut = run_session_analysis(spark, SessionAnalysisJob(lake, run_date))
    return Told(judged, cut, run_engagement(spark, EngagementJob(lake, run_date)))


def run_engagement(spark: SparkSession, job: EngagementJob) -> EngagementRecord:
    return engagement.run(knowing(spark, job.lake), job)


def written(lake: Lake, table: Table, record: EngagementRecord) -> pa.Table:
    """The rows that engagement wrote of a table."""
    with lake.catalog.open() as catalog:
        found = catalog.load_table((lake.log, table.name))
        return found.scan(snapshot_id=record.snapshots[table.name]).to_arrow()
