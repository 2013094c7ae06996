"""When the metrics of a run go out: as a stage ends, and where Airflow tells of a run that starts or ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from include.deployment.logs import is_of_a_log
from include.deployment.settings import settings
from include.telemetry.metrics import DEADLINE, ENDED, FAILED, STARTED, Measurement, send, stage_measurements
from spark_jobs.shared.lake import Lake

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


@contextmanager
def measurements_sent(stage: str, lake: Lake, run_date: date) -> Iterator[None]:
    """Send what a stage has left in the lake when it has ended well."""
    yield
    send(stage_measurements(lake, stage, run_date), lake.log)


class RunMetrics:
    """A listener, registered in plugins/run_notes.py: it hears of starts, and of ends that no task could tell of."""

    @hookimpl
    def on_dag_run_running(self, dag_run: DagRun, msg: str) -> None:
        """Send when the run started, and how long it may take."""
        _send(dag_run, _start())

    @hookimpl
    def on_dag_run_success(self, dag_run: DagRun, msg: str) -> None:
        """Send when the run ended."""
        _send(dag_run, _end(ENDED))

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun, msg: str) -> None:
        """Send when the run ended, and failed."""
        _send(dag_run, _end(ENDED, FAILED))


def _start() -> Iterator[Measurement]:
    yield Measurement(STARTED, time.time())
    yield Measurement(DEADLINE, settings().run_deadline_minutes * 60)


def _end(*names: str) -> Iterator[Measurement]:
    now = time.time()
    return (Measurement(name, now) for name in names)


def _send(dag_run: DagRun, measurements: Iterator[Measurement]) -> None:
    # The scheduler and the API server have a client of their own, beside that of the tasks.
    from airflow.observability import stats

    if is_of_a_log(dag_run.dag_id):
        send(measurements, dag_run.dag_id, stats)
