from __future__ import annotations

import json
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.benched import check
from benchmarks.listening import bare_jobs, programs
from include.sample_data.listening import generate_log
from include.sample_data.listening.answer import beside
from spark_jobs.shared.lake import Lake
from tests.jobs import knowing


def test_they_find_the_answer_in_three_steps(spark: SparkSession, tmp_path: Path) -> None:
    log, output = tmp_path / "log.tsv", tmp_path / "lake"
    generate_log.main([str(log), "--listens", "30000", "--users", "9"])
    answer = json.loads(beside(log).read_text(encoding="utf-8"))
    session = knowing(spark, Lake(str(output), "listening"))
    for job in bare_jobs.JOBS.values():
        job(session, str(log), str(output))
    checked = check(programs.of_bare_jobs(output), answer)
    assert checked == {"right": True, "facts_right": 10, "facts": 10, "wrong": []}
