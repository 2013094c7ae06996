"""The DAG that keeps the lake small."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from plugins import run_alerts
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.logs import RUN_DATE
from tests.published import write_tables


@pytest.fixture(scope="module")
def dag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(PROJECT / "dags" / "lake_maintenance.py")).dags["lake_maintenance"]


@pytest.fixture
def maintain(dag: Any) -> Any:
    return dag.get_task("maintain")


def test_its_failure_is_told(dag: Any) -> None:
    assert [task.on_failure_callback for task in dag.tasks] == [[run_alerts.task_failed]] * 2
    # Of a task that was killed it is the run that tells.
    assert dag.on_failure_callback == run_alerts.run_failed


def test_it_waits_three_hours_for_the_log(maintain: Any) -> None:
    delays = [min(maintain.retry_delay * 2**number, maintain.max_retry_delay) for number in range(maintain.retries)]
    assert sum(delays, timedelta()) == timedelta(minutes=10 + 20 + 40 + 60 + 60)


def test_only_logs_with_tables_are_maintained(lake: Lake, monkeypatch: pytest.MonkeyPatch, dag: Any) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    logs_in_lake = dag.get_task("logs_in_lake").python_callable
    assert logs_in_lake() == []
    write_tables(lake, RUN_DATE, {"listens": []})
    assert logs_in_lake() == ["listening"]
    with lake.catalog.open() as catalog:
        catalog.create_namespace("shop")
    assert logs_in_lake() == ["listening", "shop"]


def test_lost_catalog_fails_for_good(lake: Lake, monkeypatch: pytest.MonkeyPatch, dag: Any) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    write_tables(lake, RUN_DATE, {"listens": []})
    for file in Path(lake.root).glob("catalog.db*"):
        file.unlink()
    with pytest.raises(AirflowFailException, match="is lost: it has no table"):
        dag.get_task("logs_in_lake").python_callable()
