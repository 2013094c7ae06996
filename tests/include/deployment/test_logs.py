from __future__ import annotations

from include.deployment.logs import is_of_a_log, with_a_dag
from tests.conftest import PROJECT


def test_log_with_a_dag_has_a_file_of_its_name() -> None:
    files = {path.stem for path in (PROJECT / "dags").glob("*.py")}
    assert {one.name for one in with_a_dag()} == files - {"__init__", "lake_maintenance"}


def test_dag_is_of_a_log_by_its_name() -> None:
    assert [is_of_a_log(name) for name in ("listening", "shop", "lake_maintenance")] == [True, True, False]
