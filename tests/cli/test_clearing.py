"""The command with which a run goes on past an accepted check: a real Airflow finds that run by it, and no other."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cli.environment import airflow_environment
from cli.publish import how_to_clear
from tests.conftest import PROJECT

DAG_ID = "listening"

# As the UI's form has them: with a time, and where that was cleared, without any date.
DATED, UNDATED = "manual__2009-05-04T13:37:00+00:00", "~as+a.person:named-it"
STATES = {"data_quality": "success", "check_listens": "failed", "session_analysis": "upstream_failed"}
Type = Callable[[str], str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clearing")


@pytest.fixture(scope="module")
def type_(home: Path) -> Type:
    """Type a command where Airflow runs; two runs of one day have failed there."""
    environment = airflow_environment(home, home / "lake", PROJECT, "log.tsv")

    def type_(command: str) -> str:
        done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    type_("airflow db migrate && airflow dags reserialize")
    type_(f"airflow dags trigger --run-id '{DATED}' --logical-date 2009-05-04T13:37Z {DAG_ID}")
    type_(f"airflow dags trigger --run-id '{UNDATED}' {DAG_ID}")
    with closing(sqlite3.connect(home / "airflow.db")) as database, database:
        for task, state in STATES.items():
            database.execute("UPDATE task_instance SET state = ? WHERE task_id = ?", (state, task))
        database.execute("UPDATE dag_run SET state = 'failed'")
    return type_


def states(home: Path, run_id: str) -> tuple[str, dict[str, str | None]]:
    asked = "SELECT task_id, state FROM task_instance WHERE run_id = ?"
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        (of_run,) = database.execute("SELECT state FROM dag_run WHERE run_id = ?", (run_id,)).fetchone()
        of_tasks = dict(database.execute(asked, (run_id,)).fetchall())
    return of_run, {task: of_tasks[task] for task in STATES}


def test_cleared_run_alone_goes_on(home: Path, type_: Type) -> None:
    for run_id, other in ((UNDATED, ("failed", STATES)), (DATED, None)):
        assert "across 1 Dag run(s)" in type_(how_to_clear(DAG_ID, run_id))
        goes_on = {"data_quality": "success", "check_listens": None, "session_analysis": None}
        assert states(home, run_id) == ("queued", goes_on)
        if other:
            assert states(home, DATED) == other
