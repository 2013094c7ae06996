"""The three jobs of the shop as tests run them, and what they left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from include.report.shop.files import answer_texts
from spark_jobs.conversion import job as conversion
from spark_jobs.conversion.job import ConversionJob
from spark_jobs.conversion.record import ConversionRecord
from spark_jobs.conversion.tables import ANSWERS
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord
from tests.jobs import knowing, run_data_quality, run_session_analysis

Files = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True)
class Left:
    """What the three stages told, and the texts of the answers' files."""

    judged: DataQualityRecord
    cut: SessionAnalysisRecord
    answered: ConversionRecord
    texts: dict[str, str]

    @property
    def reasons(self) -> dict[str, dict[str, int]]:
        """The records rejected for each reason, by kind; those of none left out."""
        found = {"events": self.judged.rejected} | {name: kind.rejected for name, kind in self.judged.others.items()}
        return {name: {reason: count for reason, count in counts.items() if count} for name, counts in found.items()}


def write_files(files: Files, directory: Path) -> Path:
    """Write the files of a log as the shop has them, a directory for each kind; return the directory of all."""
    for kind, contents in files.items():
        (directory / kind).mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(contents):
            (directory / kind / f"{number}.jsonl").write_bytes(content)
    return directory


def run_shop(spark: SparkSession, lake: Lake, log: Path, run_date: date, load: str = loads.FULL) -> Left:
    """Run the three jobs on a log."""
    judged = run_data_quality(spark, DataQualityJob(str(log), lake, run_date, load=load))
    cut = run_session_analysis(spark, SessionAnalysisJob(lake, run_date))
    answered = conversion.run(knowing(spark, lake), ConversionJob(lake, run_date))
    with lake.catalog.open() as catalog:
        found = {table.name: catalog.load_table((lake.log, table.name)) for table in ANSWERS}
        rows = {name: table.scan(snapshot_id=answered.snapshots[name]).to_arrow() for name, table in found.items()}
    return Left(judged, cut, answered, answer_texts(rows))
