"""Which logs this deployment runs."""

from __future__ import annotations

from include.deployment.settings import PROJECT
from spark_jobs.contract import LogContract
from spark_jobs.shared.logs import contracts


def with_a_dag() -> list[LogContract]:
    """Return the contracts of the logs whose DAG is there; a DAG's file is named as its log."""
    return [one for one in contracts().values() if (PROJECT / "dags" / f"{one.name}.py").is_file()]


def is_of_a_log(dag_id: str) -> bool:
    """Return whether a DAG is that of a log: their DAGs have their names."""
    return dag_id in contracts()
