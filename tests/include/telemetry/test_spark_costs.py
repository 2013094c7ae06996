from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.java import java_home
from include.telemetry.event_logs import EventLog
from include.telemetry.spark_costs import has_property, spark_costs
from tests.conftest import PROJECT

LINES = "one\ntwo\nthree\nfour\nfive\n"
# Reads its five lines twice: to count them, and to write them by four tasks.
APPLICATION = """
import sys
from pyspark.sql import SparkSession
settings = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": sys.argv[2],
    "spark.eventLog.rolling.enabled": "false",
    "spark.eventLog.compress": "false",
    "spark.pipeline.attempt": "this one",
    "spark.ui.enabled": "false",
}
spark = SparkSession.builder.master("local[2]").appName("twice").config(map=settings).getOrCreate()
lines = spark.read.text(sys.argv[1])
lines.count()
lines.repartition(4).write.parquet(sys.argv[1] + ".parquet")
spark.stop()
"""


@pytest.fixture(scope="module")
def event_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The event log of a real application, made here."""
    scratch = tmp_path_factory.mktemp("events")
    (scratch / "lines.txt").write_text(LINES)
    logs = scratch / "logs"
    logs.mkdir()
    java = {"JAVA_HOME": str(java_home(PROJECT / ".java")), "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, "-c", APPLICATION, str(scratch / "lines.txt"), logs.as_uri()]
    subprocess.run(command, env={**os.environ, **java}, check=True, capture_output=True)
    (log,) = (file for file in logs.iterdir() if not file.name.startswith("."))
    return log


def test_measurements_match_the_application_that_ran(event_log: Path) -> None:
    costs = spark_costs(event_log)
    assert costs.application_id == event_log.name
    assert (costs.input_records, costs.input_bytes) == (2 * 5, 2 * len(LINES))
    # One task to count and one to sum up; one to read and four to write.
    assert (costs.stages, costs.tasks, costs.failed_tasks) == (4, 7, 0)
    assert costs.shuffle_bytes_written == costs.shuffle_bytes_read > 0
    assert costs.spilled_memory_bytes == costs.spilled_disk_bytes == 0
    assert costs.seconds > costs.executor_run_seconds / 2 > 0
    assert costs.executor_run_seconds > costs.executor_cpu_seconds > 0
    assert 0 <= costs.gc_share < 1
    assert sorted(stage.tasks for stage in costs.slowest_stages) == [1, 1, 1, 4]
    for stage in costs.slowest_stages:
        assert stage.slowest_task_seconds >= stage.median_task_seconds > 0


def test_event_log_is_found_by_its_settings(event_log: Path) -> None:
    assert has_property(event_log, "spark.pipeline.attempt", "this one")
    assert not has_property(event_log, "spark.pipeline.attempt", "another")
    assert EventLog({}, event_log.parent, "this one").costs() == spark_costs(event_log)


def test_a_log_cut_short_is_no_log(event_log: Path, tmp_path: Path) -> None:
    text = event_log.read_text()
    for end in (len(text) - 20, text.rindex('{"Event":"SparkListenerApplicationEnd"')):
        cut = tmp_path / "cut"
        cut.write_text(text[:end])
        with pytest.raises(ValueError):  # noqa: PT011  (json's own, or none of the events that must be there)
            spark_costs(cut)
