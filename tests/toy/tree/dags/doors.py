"""
# The doors that are opened most

How often each door was opened. `docs/adding_a_log.md` tells how this log was added.
"""

from __future__ import annotations

from airflow.sdk import chain
from spark_jobs.logs.doors.contract import DOORS

from plugins.log_dag import LogDag

doors = LogDag(DOORS, published=("door_counts",))


@doors.dag(doc_md=__doc__)
def doors_that_are_opened_most() -> None:
    """Build, check, publish, report."""
    chain(
        doors.check_input(),
        doors.spark_job("data_quality"),
        doors.checkpoint("passages"),
        doors.spark_job("session_analysis"),
        doors.checkpoint("sessions"),
        doors.spark_job("door_counts"),
        doors.checkpoint("door_counts"),
        doors.publish(),
        doors.report(),
        doors.release_lock(),
    )


doors_that_are_opened_most()
