"""An operator that keeps the lake small, log by log."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from include.deployment.settings import settings
from plugins.spark_operator import SparkOperator
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.logs import contracts

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)
# What was removed, by what it was: names, or how many. Airflow keeps it as JSON.
Removed = dict[str, object]


@task(execution_timeout=timedelta(minutes=5))
def logs_in_lake() -> list[str]:
    """Return the names of the logs that have tables in the lake."""
    from spark_jobs.shared.errors import DataError

    lakes = [settings().lake(name) for name in contracts()]
    try:
        with lakes[0].catalog.open() as catalog:
            return [lake.log for lake in lakes if catalog.namespace_exists(lake.log)]
    except DataError as error:
        raise AirflowFailException(str(error)) from None


class MaintenanceOperator(SparkOperator):
    """Remove what one log has beyond `keep`, as include/deployment/settings.py has it."""

    def __init__(self, *, log_name: str, keep: dict[str, int], **kwargs: Any) -> None:
        super().__init__(lake=settings().lake(log_name), **kwargs)
        self.log_name, self.keep = log_name, keep

    def execute(self, context: Context) -> Removed:
        """Maintain the tables; return what was removed. Raises LockedError, worth a retry, while a run has the log."""
        from include.runs import run_lock
        from spark_jobs.lake.maintenance import SETTINGS
        from spark_jobs.shared.errors import DataError

        # As plugins/run_unlocking.py has it.
        holder = f"{self.dag_id} {context['run_id']}"
        try:
            with run_lock.held(self.lake, holder), self.spark(context, self.task_id, SETTINGS) as spark:
                return maintain_lake(spark, self.lake, self.keep)
        except DataError as error:
            raise AirflowFailException(str(error)) from None


def maintain_lake(spark: SparkSession, lake: Lake, keep: dict[str, int]) -> Removed:
    """Maintain the tables of a lake whose lock is held, and say and return what was removed."""
    from spark_jobs.lake.maintenance import Keep, maintain
    from spark_jobs.shared.linked_files import remove_abandoned_links

    kept = Keep(keep["dates"], timedelta(days=keep["branch_days"]), timedelta(days=keep["snapshot_days"]))
    removed = maintain(spark, lake.catalog, lake.log, lake.answer, kept)
    found: Removed = {
        "run_dates": [str(day) for day in removed.dates],
        "branches": removed.branches,
        "data_files": removed.data_files,
        "files_of_no_table": removed.orphans,
        "links_of_killed_jobs": remove_abandoned_links(lake),
    }
    for what, gone in found.items():
        log.info("removed %s: %s", what.replace("_", " "), gone)
    return found
