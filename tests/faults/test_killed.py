"""A job that is killed while it writes, and one that goes on writing beside the try that took its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from plugins.spark_job_operator import SparkJobError
from scripts.environment import PROJECT, airflow_environment
from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, EARLIER
from tests.faults.processes import end, is_writing, stop_where_it_writes, submit, wait_for
from tests.faults.stages import MAINS, STAGES, answers, arguments, contents, not_whole, staged
from tests.plugins.test_spark_job_operator import connection, context, operator

__all__ = ["connection"]

# What a task's process does, in a process of its own.
TASK = """
import sys
from types import SimpleNamespace
from plugins.spark_job_operator import SparkJobOperator
from spark_jobs.shared.lake import Lake
job, lake, run_date, *arguments = sys.argv[1:]
SparkJobOperator(
    task_id=job, job=job, lake=Lake(lake), run_date=run_date, application_args=arguments
).execute({"ti": SimpleNamespace(xcom_push=lambda key, value: None)})
"""


def python_below(pid: int) -> psutil.Process:
    """The Python that a driver's Java runs our job in."""
    (python,) = (child for child in psutil.Process(pid).children() if "python" in child.name())
    return python


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(("stage", "victim"), [*((stage, "java") for stage in STAGES), ("session_analysis", "python")])
def test_a_job_killed_while_it_writes_leaves_the_partitions_as_they_were_and_the_next_try_succeeds(
    undamaged: Lake, lake: Lake, log: Path, stage: str, victim: str
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
    assert answers(lake, DAY) == answers(undamaged, DAY)
    assert contents(lake, EARLIER) == before[EARLIER]


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("stage", STAGES)
def test_an_orphan_that_goes_on_writing_after_the_next_try_leaves_a_whole_partition_of_the_same_rows(
    undamaged: Lake, lake: Lake, log: Path, stage: str
) -> None:
    before = contents(lake, EARLIER)
    with submit(stage, lake, DAY, log) as orphan:
        stop_where_it_writes(orphan.pid, lake)
        MAINS[stage](arguments(stage, lake, DAY, log))
        of_the_retry = contents(lake, DAY)
        assert (answers(lake, DAY), not_whole(lake, DAY)) == (answers(undamaged, DAY), {})
        orphan.send_signal(signal.SIGCONT)
        said = orphan.communicate()[0]
    assert orphan.returncode == 0, said
    # It has published, and that is as good.
    assert contents(lake, DAY).keys() != of_the_retry.keys()
    assert (answers(lake, DAY), not_whole(lake, DAY), staged(lake)) == (answers(undamaged, DAY), {}, [])
    assert contents(lake, EARLIER) == before


@pytest.mark.usefixtures("connection", "applications")
@pytest.mark.parametrize("stage", STAGES)
def test_the_java_of_a_killed_task_goes_on_alone_and_publishes_a_whole_partition(
    undamaged: Lake, lake: Lake, log: Path, tmp_path: Path, stage: str
) -> None:
    environment = airflow_environment(tmp_path, Path(lake.root), log.parent, log.name)
    environment["AIRFLOW_CONN_SPARK_DEFAULT"] = os.environ["AIRFLOW_CONN_SPARK_DEFAULT"]
    command = [sys.executable, "-c", TASK, stage, lake.root, str(DAY)]
    command += arguments(stage, lake, DAY, log)
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) as task:
        try:
            wait_for(psutil.Process(task.pid).children)
            (java,) = psutil.Process(task.pid).children()
            stop_where_it_writes(java.pid, lake)
            task.kill()
        finally:
            task.wait()
    try:
        assert (answers(lake, DAY), not_whole(lake, DAY)) == (answers(undamaged, DAY), {})
        java.resume()
        wait_for(lambda: not java.is_running())
    finally:
        end(java.pid)
    assert (answers(lake, DAY), not_whole(lake, DAY), staged(lake)) == (answers(undamaged, DAY), {}, [])


@pytest.mark.usefixtures("connection")
def test_the_task_of_a_killed_job_says_that_it_was_killed(lake: Lake, log: Path) -> None:
    task = operator(*arguments("session_analysis", lake, DAY, log))
    task.lake = lake

    def kill() -> None:
        wait_for(lambda: is_writing(lake))
        task._hook._submit_sp.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(SparkJobError, match=r"^job was killed from outside \(SIGKILL\), by somebody or for want of"):
        task.execute(context())
    task._hook._submit_sp.stdout.close()
    killer.join()
