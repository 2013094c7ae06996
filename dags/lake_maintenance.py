"""
# Keeping the lake small

Every day, log by log: tags of run dates beyond those that are kept go, with the snapshots and files that no date needs
any more. So do branches that no run will ever publish, and files that no table knows.

It holds the lock of a log while it maintains that. While a run has the lock, Airflow tries this log again, for about
three hours, and goes on with the others; a run that starts meanwhile is tried again, too.

A run that stopped at a check can be cleared as long as its branches stay, for `PIPELINE_KEPT_BRANCH_DAYS`. After that,
run its date again.

**When it fails**, nothing is lost but room on the disk; the next day's run does the work of both. Its log says why: the
last error names the run that had the lock, or what was found.

**What is kept** are settings of the deployment: `PIPELINE_KEPT_RUN_DATES`, `PIPELINE_KEPT_BRANCH_DAYS` and
`PIPELINE_KEPT_SNAPSHOT_DAYS`. Reports and records stay.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag

from include.deployment import spark_pool
from include.deployment.settings import settings
from plugins import run_alerts
from plugins.maintenance_operator import MaintenanceOperator, logs_in_lake

SETTINGS = settings()


@dag(
    # Hours after the runs of midnight.
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "lake",
        # A run of a log may take hours.
        "retries": 5,
        "retry_delay": timedelta(minutes=10),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(hours=1),
        "on_failure_callback": run_alerts.task_failed,
    },
    on_failure_callback=run_alerts.run_failed,
    tags=["spark", "maintenance"],
    doc_md=__doc__,
)
def lake_maintenance() -> None:
    """Expire what is older than what is kept, and remove what nobody can want any more."""
    MaintenanceOperator.partial(
        task_id="maintain",
        keep=SETTINGS.kept,
        execution_timeout=timedelta(hours=2),
        pool=spark_pool.NAME,
        map_index_template="{{ task.log_name }}",
    ).expand(log_name=logs_in_lake())


lake_maintenance()
