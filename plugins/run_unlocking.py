"""A run that has ended holds no lock: Airflow tells of ends that none of its tasks lived to see."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from include.deployment.logs import is_of_a_log
from include.deployment.settings import settings
from spark_jobs.shared.logs import contracts

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

log = logging.getLogger(__name__)

# Beside the DAGs of the logs, each of which takes the lock of its log, the one that takes them all, one by one.
MAINTENANCE = "lake_maintenance"


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
    if dag_run.dag_id == MAINTENANCE:
        # Runs of two DAGs may have the same id.
        locked, holder = tuple(contracts()), f"{dag_run.dag_id} {dag_run.run_id}"
    elif is_of_a_log(dag_run.dag_id):
        locked, holder = (dag_run.dag_id,), dag_run.run_id
    else:
        return
    # Not above: it takes Airflow's processes a second.
    from include.runs import run_lock
    from spark_jobs.shared.failures import explain

    try:
        for name in locked:
            if run_lock.release(settings().lake(name), holder):
                log.info("The run %s has ended: its lock of %s is released", holder, name)
    except Exception as error:
        log.warning("The run %s may still hold the lock of its log: %s", holder, explain(error))
