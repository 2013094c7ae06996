"""Which tables each checkpoint looks at, and the suite each of them must meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame, SparkSession

from include import suites
from include.records import read_record
from spark_jobs.shared.lake import LISTENS, SESSIONS, TOP_SONGS, Lake


@dataclass(frozen=True)
class Table:
    """A table and what must hold for it; failures name the table as the suite is named."""

    rows: DataFrame
    suite: ExpectationSuite


def listens(spark: SparkSession, lake: Lake, run_date: date, minimum_quality_score: str) -> list[Table]:
    """The listens themselves, and the figures of the job that made them."""
    figures = read_record(lake, "data_quality", run_date)
    rows = figures["rows"]
    kept = spark.read.parquet(lake.partition(LISTENS, run_date))
    scored = spark.createDataFrame(
        [(figures["quality_score"], rows["listens_kept"], rows["lines_rejected"])],
        "quality_score double, listens_kept long, lines_rejected long",
    )
    return [
        Table(kept, suites.listens(run_date, rows["listens_kept"])),
        Table(scored, suites.quality(float(minimum_quality_score), rows["lines_read"])),
    ]


def sessions(spark: SparkSession, lake: Lake, run_date: date) -> list[Table]:
    """The sessions, against the number of listens they were cut from."""
    listens_kept = read_record(lake, "data_quality", run_date)["rows"]["listens_kept"]
    return [Table(spark.read.parquet(lake.partition(SESSIONS, run_date)), suites.sessions(listens_kept))]


def top_songs(spark: SparkSession, lake: Lake, run_date: date) -> list[Table]:
    """The answer, in the order of its ranks."""
    songs = read_record(lake, "ranking", run_date)["rows"]["top_songs"]
    answer = spark.read.parquet(lake.partition(TOP_SONGS, run_date)).orderBy("rank")
    return [Table(answer, suites.top_songs(songs))]
