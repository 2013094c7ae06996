"""A job that is killed while it writes, and one that goes on writing beside the try that took its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from cli.environment import PROJECT, airflow_environment
from plugins.spark_job_operator import SparkJobError
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import record_of
from tests.faults.conftest import DAY, EARLIER, Whole
from tests.faults.processes import data_files, end, stop_where_it_writes, submit, wait_for
from tests.faults.stages import (
    MAINS,
    STAGES,
    answers,
    arguments,
    branches,
    contents,
    documents,
    published,
    rows_published,
)
from tests.jobs import publish_run
from tests.plugins.test_spark_job_operator import connection, context, operator

__all__ = ["connection"]

# The program of a task's process.
TASK = """
import sys
from types import SimpleNamespace
from plugins.spark_job_operator import SparkJobOperator
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import record_of
job, lake, run_date, *arguments = sys.argv[1:]
SparkJobOperator(
    task_id=job, job=job, lake=Lake(lake, "listening"), run_date=run_date, application_args=arguments
).execute({"ti": SimpleNamespace(task_id=job, xcom_push=lambda key, value: None), "run_id": "run 1"})
"""


def python_below(pid: int) -> psutil.Process:
    """The Python that a driver's Java runs our job in."""
    (python,) = (child for child in psutil.Process(pid).children() if "python" in child.name())
    return python


def java_of(task: subprocess.Popen[bytes]) -> psutil.Process | None:
    """The driver's Java of a task, which is not its first child: spark-submit asks another Java how to start it."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        for child in psutil.Process(task.pid).children():
            if "org.apache.spark.deploy.SparkSubmit" in child.cmdline():
                return child
    return None


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(("stage", "victim"), [*((stage, "java") for stage in STAGES), ("session_analysis", "python")])
def test_killed_job_changes_nothing_next_try_succeeds(
    whole: Whole, lake: Lake, log: Path, stage: str, victim: str
) -> None:
    before = {day: contents(lake, day) for day in (EARLIER, DAY)}
    with submit(stage, lake, DAY, log) as job:
        stop_where_it_writes(job.pid, lake)
        python = python_below(job.pid)
        (python if victim == "python" else job).kill()
        job.send_signal(signal.SIGCONT)
        job.communicate()
        wait_for(lambda: not python.is_running())
    assert job.returncode == (128 + signal.SIGKILL if victim == "python" else -signal.SIGKILL)
    assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before

    MAINS[stage](arguments(stage, lake, DAY, log))
    assert answers(lake, DAY) == whole.answers[DAY]
    assert contents(lake, EARLIER) == before[EARLIER]


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("stage", STAGES)
def test_orphan_beside_its_next_try_changes_nothing_published(whole: Whole, lake: Lake, log: Path, stage: str) -> None:
    before = documents(lake, EARLIER)
    with submit(stage, lake, DAY, log) as orphan:
        stop_where_it_writes(orphan.pid, lake)
        for retried in STAGES[STAGES.index(stage) :]:
            MAINS[retried](arguments(retried, lake, DAY, log))
        publish_run(lake, DAY)
        of_the_retry, found = published(lake, DAY), answers(lake, DAY)
        orphan.send_signal(signal.SIGCONT)
        orphan.communicate()
    assert found == whole.answers[DAY]
    assert published(lake, DAY) == of_the_retry
    assert rows_published(lake, DAY) == found
    assert documents(lake, EARLIER) == before


@pytest.mark.usefixtures("connection")
def test_java_outlives_killed_task_on_its_own_branch(lake: Lake, log: Path, tmp_path: Path) -> None:
    stage = "session_analysis"
    environment = airflow_environment(tmp_path, Path(lake.root), log.parent, log.name)
    environment["AIRFLOW_CONN_SPARK_DEFAULT"] = os.environ["AIRFLOW_CONN_SPARK_DEFAULT"]
    command = [sys.executable, "-c", TASK, stage, lake.root, str(DAY)]
    command += arguments(stage, lake, DAY, log)
    model = record_of(lake.contract, stage)
    before, branches_before, record = published(lake, DAY), branches(lake), read_record(lake, model, DAY)
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) as task:
        try:
            wait_for(lambda: java_of(task) or task.poll() is not None)
            java = java_of(task)
            stop_where_it_writes(java.pid, lake)
            task.kill()
        finally:
            task.wait()
    try:
        java.resume()
        wait_for(lambda: not java.is_running())
    finally:
        end(java.pid)
    assert published(lake, DAY) == before
    assert branches(lake) > branches_before
    # Nobody has taken the record of that try.
    assert read_record(lake, model, DAY) == record


@pytest.mark.usefixtures("connection")
def test_task_reports_that_its_job_was_killed(lake: Lake, log: Path) -> None:
    task, before = operator(lake, date=str(DAY)), data_files(lake)

    def kill() -> None:
        wait_for(lambda: data_files(lake) - before)
        task._hook._submit_sp.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    said = r"^session_analysis was killed from outside \(SIGKILL\), by somebody or for want of"
    with pytest.raises(SparkJobError, match=said):
        task.execute(context())
    task._hook._submit_sp.stdout.close()
    killer.join()
