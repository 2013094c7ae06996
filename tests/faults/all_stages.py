"""An application that runs all three jobs in one Spark: `--input`, `--lake`, `--run-date`, as for the first of them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from spark_jobs.data_quality import job as data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.shared.application import run_application

if __name__ == "__main__":
    quality = data_quality.parse_args()
    common = ["--lake", quality.lake.root, "--log", "listening", "--run-date", str(quality.run_date)]

    def run(spark):  # type: ignore[no-untyped-def]
        data_quality.run(spark, quality)
        session_analysis.run(spark, session_analysis.parse_args(common))
        return ranking.run(spark, ranking.parse_args(common))

    run_application(f"all stages {quality.run_date}", quality.lake, run)
