"""
# Keeping the lake small

Every day: tags of run dates beyond those that are kept go, with the snapshots and files that no date needs any more.
So do branches that no run will ever publish, and files that no table knows.

A branch of the run that holds the log stays, however old. A daily load that stopped at `check_listens` is an exception:
after `LASTFM_KEPT_SNAPSHOT_DAYS` its check can no longer be cleared, so run its date again.

**When it fails**, nothing is lost but room on the disk; the next day's run does the work of both. Its log says why.

**What is kept** are settings of the deployment: `LASTFM_KEPT_RUN_DATES`, `LASTFM_KEPT_BRANCH_DAYS` and
`LASTFM_KEPT_SNAPSHOT_DAYS`. Reports and records stay.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag

from include.settings import settings
from plugins import run_alerts
from plugins.maintenance_operator import MaintenanceOperator

SETTINGS = settings()


@dag(
    # Hours after the runs of midnight.
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "listening", "retries": 1, "on_failure_callback": run_alerts.task_failed},
    tags=["lastfm", "listening", "spark", "maintenance"],
    doc_md=__doc__,
)
def lake_maintenance() -> None:
    """Expire what is older than what is kept, and remove what nobody can want any more."""
    MaintenanceOperator(
        task_id="maintain", lake=SETTINGS.lake, keep=SETTINGS.kept, execution_timeout=timedelta(hours=2)
    )


lake_maintenance()
