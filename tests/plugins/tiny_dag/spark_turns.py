"""Two DAGs with a task each that would start a Spark, and that notes instead when it begins and when it ends."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.sdk import dag

from include.deployment.settings import settings
from plugins.spark_operator import SparkOperator


class NotesItsTurn(SparkOperator):
    """A task of the pool of Spark."""

    def execute(self, context: Any) -> None:
        with Path(settings().lake_root).with_name("turns.txt").open("a") as turns:
            turns.write(f"{self.dag_id} begins\n")
            turns.flush()
            # Long enough for the other DAG's task to begin, too, if it may.
            time.sleep(4)
            turns.write(f"{self.dag_id} ends\n")


def turns(name: str) -> None:
    @dag(dag_id=name, schedule=None, start_date=datetime(2009, 5, 4, tzinfo=UTC))
    def of_a_log() -> None:
        NotesItsTurn(task_id="data_quality", lake=settings().lake("listening"))

    of_a_log()


turns("first_log")
turns("second_log")
