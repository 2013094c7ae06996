"""A DAG with the id, the stages and the callbacks of the real one, and tasks that take no time: for tests of alerts.

As a script it runs through `dag.test()` once for each argument, a kind of run, on successive run dates.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert
from airflow.sdk.exceptions import AirflowFailException

from include.deployment.run_date import run_date
from include.deployment.settings import settings
from include.runs import run_lock
from include.telemetry.metrics import report_measurements, send
from plugins import run_alerts
from plugins.run_deadline import SinceQueued
from tests.published import leave_record
from tests.reports import leave_report

DAG_ID = "listening"

# On a busy machine tasks wait for each other: what is late is not to meet its time limit, too.
DEADLINE, TIME_LIMIT = timedelta(seconds=25), timedelta(seconds=90)
FIRST = datetime(2009, 5, 4, tzinfo=UTC)


@task
def data_quality(dag_run: Any, params: dict[str, Any]) -> None:
    if params["kind"] == "fails before the score":
        raise AirflowFailException("no listen in it")
    leave_record(settings().lake(DAG_ID), "data_quality", run_date(dag_run), {"quality_score": 91.234})


@task(retries=1, retry_delay=timedelta(seconds=0))
def check_listens(dag_run: Any, params: dict[str, Any]) -> None:
    match params["kind"]:
        case "fails for good":
            raise AirflowFailException("quality: 80 found, 90 is the least")
        case "fails twice":
            raise RuntimeError("lost executor")
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "is late":
            # It counts from when the run was queued, which was before its start.
            past_it = dag_run.start_date + DEADLINE + timedelta(seconds=2)
            time.sleep(max(0, (past_it - datetime.now(UTC)).total_seconds()))
        case "never ends":
            run_lock.take(settings().lake(DAG_ID), dag_run.run_id)
            time.sleep(600)


@task(on_success_callback=run_alerts.report_made)
def report(dag_run: Any, params: dict[str, Any]) -> None:
    lake, day = settings().lake(DAG_ID), run_date(dag_run)
    degraded = params["kind"] == "is degraded"
    leave_report(
        lake,
        day,
        made_at=datetime.now(UTC).replace(microsecond=0),
        verdict="degraded" if degraded else "good",
        degraded_because=["12 % of listens lack an artist id."] if degraded else [],
        quality_score=91.234,
    )
    send(report_measurements(lake, day), lake.log)


@dag(
    schedule=None,
    start_date=FIRST,
    dagrun_timeout=TIME_LIMIT,
    params={"kind": "is good"},
    default_args={"on_failure_callback": run_alerts.task_failed},
    on_failure_callback=run_alerts.run_failed,
    deadline=DeadlineAlert(reference=SinceQueued(), interval=DEADLINE, callback=AsyncCallback(run_alerts.run_late)),
)
def listening() -> None:
    data_quality() >> check_listens() >> report()


tiny = listening()

if __name__ == "__main__":
    for days, kind in enumerate(sys.argv[1:]):
        tiny.test(logical_date=FIRST + timedelta(days=days), run_conf={"kind": kind})
