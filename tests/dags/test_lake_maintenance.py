"""The DAG that keeps the lake small."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugins import run_alerts
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def dag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(PROJECT / "dags" / "lake_maintenance.py")).dags["lake_maintenance"]


def test_its_failure_is_told(dag: Any) -> None:
    (task,) = dag.tasks
    assert task.on_failure_callback == [run_alerts.task_failed]
    # Of a task that was killed it is the run that tells.
    assert dag.on_failure_callback == run_alerts.run_failed


def test_it_waits_three_hours_for_the_log(dag: Any) -> None:
    (task,) = dag.tasks
    delays = [min(task.retry_delay * 2**number, task.max_retry_delay) for number in range(task.retries)]
    assert sum(delays, timedelta()) == timedelta(minutes=10 + 20 + 40 + 60 + 60)
