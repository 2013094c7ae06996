"""A run that has ended holds no lock: Airflow tells of ends that none of its tasks lived to see."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from include.deployment.run_date import DAG_ID
from include.deployment.settings import settings

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

log = logging.getLogger(__name__)

# The DAGs whose runs take the lock.
WRITERS = (DAG_ID, "lake_maintenance")


class RunUnlocking:
    """A listener, registered in plugins/run_notes.py.

    At a run's time limit, and where a person marks it as failed, Airflow skips the task that releases the lock.
    """

    @hookimpl
    def on_dag_run_success(self, dag_run: DagRun, msg: str) -> None:
        """Release the lock if the run still has it."""
        _release(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun, msg: str) -> None:
        """Release the lock if the run still has it."""
        _release(dag_run)


def _release(dag_run: DagRun) -> None:
    if dag_run.dag_id not in WRITERS:
        return
    # Not above: it takes Airflow's processes a second.
    from include.runs import run_lock
    from spark_jobs.shared.failures import explain

    # Runs of two DAGs may have the same id.
    holder = dag_run.run_id if dag_run.dag_id == DAG_ID else f"{dag_run.dag_id} {dag_run.run_id}"
    try:
        if run_lock.release(settings().lake(DAG_ID), holder):
            log.info("The run %s has ended: its lock is released", holder)
    except Exception as error:
        log.warning("The run %s may still hold the lock of its log: %s", holder, explain(error))
