"""The lines of a kind's files, or what stands for them where a record may have several."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.contract import Csv
from spark_jobs.data_quality.csv_records import records_to_read
from spark_jobs.data_quality.judging import lines_to_read
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.shared.csv_headers import read_headers, unknown_columns
from spark_jobs.shared.linked_files import LinkedFiles


@dataclass(frozen=True)
class Lines:
    """One row a record: `line`, `file_id`, `part_start` and what the rules of the form need. And what was left out."""

    rows: DataFrame
    left_out: tuple[str, ...] = ()


def read_lines(spark: SparkSession, linked: LinkedFiles, kind: Kind) -> Lines:
    """Read the records of linked files; raises InputError as `read_headers` and `LinkedFiles.read_lines` do."""
    if not isinstance(kind.form, Csv):
        return Lines(lines_to_read(linked.read_lines(spark)))
    headers = read_headers(linked.files, kind.records)
    rows = records_to_read(spark, linked, headers, kind.form.longest_record)
    return Lines(rows, tuple(unknown_columns(linked.files, headers)))
