"""One try of a task whose Spark is a server: `python -m tests.faults.warm_task TASK LAKE DAY LOG TRY`.

It runs as Airflow runs it: SIGTERM calls the operator's `on_kill`. A test watches the process and its children.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import UTC, date, datetime
from types import FrameType, SimpleNamespace
from typing import Any

from plugins.checkpoint_operator import CheckpointOperator
from plugins.spark_job_operator import SparkJobOperator
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import record_of
from tests.faults.stages import MAINS, arguments

FACTS = {"minimum_quality_score": "0"}


def main(task: str, root: str, day: str, log: str, number: str) -> None:
    """Run the try to its end."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    operator = operator_of(task, Lake(root, "listening"), date.fromisoformat(day), log)

    def on_term(number: int, frame: FrameType | None) -> None:
        operator.on_kill()

    signal.signal(signal.SIGTERM, on_term)
    operator.execute(context(task, int(number)))


def operator_of(task: str, lake: Lake, day: date, log: str) -> SparkJobOperator | CheckpointOperator:
    """Return the operator of a stage, or of the check of the listens that the lake's records tell of."""
    if task in MAINS:
        told = arguments(task, lake, day, log)  # type: ignore[arg-type]
        return SparkJobOperator(task_id=task, job=task, lake=lake, run_date=str(day), application_args=told)
    made = read_record(lake, record_of(lake.contract, "data_quality"), day).snapshots
    # What a DAG's templates give.
    snapshots = {name: str(snapshot) for name, snapshot in made.items()}
    return CheckpointOperator(task_id=task, lake=lake, run_date=str(day), snapshots=snapshots, facts=FACTS)


def context(task: str, number: int) -> Any:
    """Return what these operators ask of Airflow."""
    facts = {"dag_id": "listening", "run_id": "run 1", "task_id": task, "map_index": -1, "try_number": number}
    ti = SimpleNamespace(**facts, xcom_push=lambda key, value: None)
    started = datetime(2026, 1, 1, tzinfo=UTC)
    return {"ti": ti, "dag_run": SimpleNamespace(start_date=started), "run_id": "run 1"}


if __name__ == "__main__":
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    main(*sys.argv[1:])
