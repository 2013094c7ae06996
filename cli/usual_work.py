"""What a run asks of Spark, in one small application for `spark-submit`: the three jobs, one after another.

They run twice: in the application's own session, and in one of its Connect server's, as another process asks for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

from pyspark.sql import SparkSession, is_remote

from spark_jobs.data_quality import job as data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.shared.application import run_application
from spark_jobs.shared.lake import Lake

RUN_DATE = date(2009, 5, 5)


def main(log: str, root: str, server: str) -> None:
    """Run the jobs on a log, into a lake of each way; `server` is where the application has one, `sc://localhost:…`."""
    lake = Lake(f"{root}/{'connect' if is_remote() else 'classic'}", "listening")
    run_application("usual work", lake, lambda spark: run(spark, log, lake, server))


def run(spark: SparkSession, log: str, lake: Lake, server: str) -> RankingRecord:
    """Run the three jobs and return the record of the last."""
    if not is_remote():
        # Of its own spark-submit, with which that of a server cannot be.
        ours = {name: value for name, value in os.environ.items() if name != "MASTER"}
        client = {**ours, "SPARK_REMOTE": server, "SPARK_CONNECT_MODE_ENABLED": "1"}
        subprocess.run([sys.executable, *sys.argv], env=client, check=True)
    data_quality.run(spark, data_quality.DataQualityJob(log, lake, RUN_DATE))
    session_analysis.run(spark, session_analysis.SessionAnalysisJob(lake, RUN_DATE))
    return ranking.run(spark, ranking.RankingJob(lake, RUN_DATE))


if __name__ == "__main__":
    main(*sys.argv[1:])
