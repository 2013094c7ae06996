"""An operator that keeps the lake small."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.apache.spark.operators.spark_pyspark import PySparkOperator
from airflow.sdk import BaseHook

from include.jars import spark_jars
from include.java_environment import UTF_8_EXECUTORS, java_in_utf_8
from include.spark_secrets import hide_secrets
from spark_jobs.shared.lake import LOG, Lake

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


class MaintenanceOperator(PySparkOperator):
    """Remove what is beyond `keep`, as include/settings.py has it; Spark is started from the connection."""

    def __init__(self, *, lake: Lake, keep: dict[str, int], conn_id: str = "spark_default", **kwargs: Any) -> None:
        arguments = {"lake_root": lake.root, "keep": keep}
        super().__init__(python_callable=maintain_lake, op_kwargs=arguments, conn_id=conn_id, **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        """Maintain the tables; return what was removed."""
        from spark_jobs.shared.session import SETTINGS

        lake = Lake(self.op_kwargs["lake_root"])
        connection = BaseHook.get_connection(str(self.conn_id))
        extra = connection.extra_dejson
        ours = {"spark.app.name": self.task_id, **UTF_8_EXECUTORS, **lake.catalog.spark_settings()}
        ours |= spark_jars(lake.root, master=connection.host or "", connection=extra)
        self.config_kwargs = {**SETTINGS, **hide_secrets(extra), **ours, **self.config_kwargs}
        with java_in_utf_8():
            return super().execute(context)


def maintain_lake(spark: SparkSession, *, lake_root: str, keep: dict[str, int]) -> dict[str, Any]:
    """Maintain the tables of a lake, and say and return what was removed."""
    from spark_jobs.lake.listening import ANSWER
    from spark_jobs.lake.maintenance import Keep, maintain
    from spark_jobs.shared.linked_files import remove_abandoned_links

    kept = Keep(keep["dates"], timedelta(days=keep["branch_days"]), timedelta(days=keep["snapshot_days"]))
    removed = maintain(spark, Lake(lake_root).catalog, LOG, ANSWER.name, kept)
    found = {
        "run_dates": [str(day) for day in removed.dates],
        "branches": removed.branches,
        "data_files": removed.data_files,
        "files_of_no_table": removed.orphans,
        "links_of_killed_jobs": remove_abandoned_links(Lake(lake_root)),
    }
    for what, gone in found.items():
        log.info("removed %s: %s", what.replace("_", " "), gone)
    return found
