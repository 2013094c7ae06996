"""The three jobs as tests run them: one session of Spark, in which each lake has its own."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from spark_jobs.data_quality import job as data_quality
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tries import new_try
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared.arguments import MANUAL
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord, record_of
from tests.published import publish_tables


def knowing(spark: SparkSession, lake: Lake) -> SparkSession:
    """Return a session that knows a lake: a catalog is as it was when a session first used it."""
    with lake.catalog.open():
        session = spark.newSession()
    for key, value in lake.catalog.spark_settings().items():
        session.conf.set(key, value)
    return session


def publish_run(lake: Lake, run_date: date, run_id: str = MANUAL) -> dict[str, int]:
    """Publish the snapshots of which a run's records tell, and return them."""
    snapshots = {}
    for stage in lake.contract.stages:
        snapshots |= read_record(lake, record_of(lake.contract, stage), run_date).snapshots
    publish_tables(lake, run_date, snapshots, run_id)
    return snapshots


def run_data_quality(spark: SparkSession, job: DataQualityJob) -> DataQualityRecord:
    return data_quality.run(knowing(spark, job.lake), job)


def run_session_analysis(spark: SparkSession, job: SessionAnalysisJob) -> SessionAnalysisRecord:
    return session_analysis.run(knowing(spark, job.lake), job)


def run_ranking(spark: SparkSession, job: RankingJob) -> RankingRecord:
    return ranking.run(knowing(spark, job.lake), job)


def publish_listens(spark: SparkSession, lake: Lake, run_date: date) -> None:
    """Publish what data_quality made of a date, with an answer of no song."""
    snapshots = read_record(lake, DataQualityRecord, run_date).snapshots
    answer = new_try(
        lake.catalog, "listening", Stamp(run_date, MANUAL, "ranking", {LISTENS.name: snapshots[LISTENS.name]})
    )
    snapshots[ANSWER.name] = answer.replace_here(None, ANSWER)
    publish_tables(lake, run_date, snapshots, MANUAL)
