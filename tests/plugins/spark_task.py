"""One task that starts Spark in its own process: `python -m tests.plugins.spark_task check|maintain LAKE`.

It runs as Airflow would run it, so that a test can watch the process and its children.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from types import SimpleNamespace
from typing import Any

from pyspark.sql import SparkSession

from include.expectations.listening import checks
from plugins.checkpoint_operator import CheckpointOperator
from plugins.maintenance_operator import MaintenanceOperator
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE

SECRETS = {
    "spark.hadoop.fs.azure.account.key.lake": "planted-1",
    "spark.hadoop.fs.s3a.session.token": "planted 2=#ü",
    "spark.hadoop.planted": "-Dstore.password=planted-3",
}
KEEP = {"dates": 31, "branch_days": 7, "snapshot_days": 1}


def main(task: str, root: str) -> None:
    """Run the task to its end; `check` looks at no table of the lake."""
    checks.listens = tables  # type: ignore[assignment]
    operator(task, Lake(root, "listening")).execute(context())


def operator(task: str, lake: Lake) -> CheckpointOperator | MaintenanceOperator:
    """Return the operator of a check, or that of maintenance."""
    if task == "maintain":
        return MaintenanceOperator(task_id=task, log_name=lake.log, keep=KEEP)
    check: dict[str, Any] = {"snapshots": {}, "facts": {}}
    return CheckpointOperator(task_id="check_listens", lake=lake, run_date=str(RUN_DATE), **check)


def context() -> Any:
    """Return what these operators ask of Airflow."""
    return {
        "ti": SimpleNamespace(task_id="task", dag_id="listening", xcom_push=lambda key, value: None),
        "run_id": "run 1",
    }


def tables(spark: SparkSession, lake: Lake, run_date: date, snapshots: dict[str, int]) -> list[Any]:
    """Say what Spark was given, and return no table to check."""
    given = {name: spark.conf.get(name) == secret for name, secret in SECRETS.items()}
    given |= {name: spark.conf.get(name) for name in ("spark.driver.memory", "spark.app.name")}
    given |= {"queue": spark.conf.get("queue", None)}
    sys.stdout.write(f"given: {json.dumps(given)}\n")
    return []


if __name__ == "__main__":
    main(*sys.argv[1:])
