"""What a run asks of Spark, in one small application for `spark-submit`: the three jobs, one after another."""

from __future__ import annotations

import sys
from datetime import date

from pyspark.sql import SparkSession

from spark_jobs.data_quality import job as data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.shared.application import run_application
from spark_jobs.shared.lake import Lake

RUN_DATE = date(2009, 5, 5)


def main(log: str, root: str) -> None:
    """Run the jobs on a log, into a lake."""
    lake = Lake(root, "listening")
    run_application("usual work", lake, lambda spark: run(spark, log, lake))


def run(spark: SparkSession, log: str, lake: Lake) -> RankingRecord:
    """Run the three jobs and return the record of the last."""
    data_quality.run(spark, data_quality.DataQualityJob(log, lake, RUN_DATE))
    session_analysis.run(spark, session_analysis.SessionAnalysisJob(lake, RUN_DATE))
    return ranking.run(spark, ranking.RankingJob(lake, RUN_DATE))


if __name__ == "__main__":
    main(*sys.argv[1:])
