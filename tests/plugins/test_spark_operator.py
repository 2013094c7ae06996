"""Operators that start Spark in the task's own process hide secrets, limit Java's memory and take the log's lock."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from cli.environment import airflow_environment
from include.deployment.local_spark import EMBEDDED
from include.runs import run_lock
from spark_jobs.lake.errors import LockedError
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.lake import Lake
from tests.commands import commands_noted
from tests.conftest import PROJECT, QUICK_JVM
from tests.logs import RUN_DATE
from tests.plugins.spark_task import SECRETS, context, operator
from tests.published import publish_tables, write_tables


@dataclass(frozen=True)
class Ran:
    """A task that has ended: what it said, its scratch directory, and the commands that ran meanwhile."""

    process: subprocess.CompletedProcess[str]
    scratch: Path
    commands: set[str]


@pytest.fixture(scope="module", params=["check", "maintain"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A task with secrets in its connection."""
    home = tmp_path_factory.mktemp(request.param)
    scratch = home / "a scratch directory"
    scratch.mkdir()
    lake = Lake(str(home / "lake"), "listening")
    publish_tables(lake, RUN_DATE, write_tables(lake, RUN_DATE, {LISTENS.name: [], ANSWER.name: []}))
    extra = {**EMBEDDED["extra"], **SECRETS, "spark.driver.extraJavaOptions": QUICK_JVM, "queue": "not Spark's"}
    environment = airflow_environment(home, lake.root, home, "log.tsv") | {
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({**EMBEDDED, "extra": extra}),
        "TMPDIR": str(scratch),
    }
    command = [sys.executable, "-m", "tests.plugins.spark_task", request.param, lake.root]
    commands: set[str] = set()
    with commands_noted(commands):
        process = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    return Ran(process, scratch, commands)


@pytest.fixture(autouse=True)
def _this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)


def test_secrets_are_on_no_command_line(ran: Ran) -> None:
    assert any("org.apache.spark.deploy.SparkSubmit" in command for command in ran.commands)
    for secret in SECRETS.values():
        assert [command for command in ran.commands if secret in command] == []


def test_secrets_are_in_no_log_and_file(ran: Ran) -> None:
    said = ran.process.stdout + ran.process.stderr
    files = [path for path in ran.scratch.parent.rglob("*") if path.is_file()]
    for secret in SECRETS.values():
        assert secret not in said
        assert [path for path in files if secret.encode() in path.read_bytes()] == []
    assert list(ran.scratch.rglob("*secrets*")) == []


def test_java_has_one_gibibyte(ran: Ran) -> None:
    java = [command for command in ran.commands if "org.apache.spark.deploy.SparkSubmit" in command]
    assert any("-Xmx1g" in command for command in java)


def test_spark_has_what_the_connection_says(ran: Ran) -> None:
    given = [line.removeprefix("given: ") for line in ran.process.stdout.splitlines() if line.startswith("given: ")]
    for found in map(json.loads, given):
        own = {"spark.driver.memory": "1g", "spark.app.name": f"check_listens {RUN_DATE}", "queue": None}
        assert found == dict.fromkeys(SECRETS, True) | own


@pytest.mark.parametrize("task", ["check", "maintain"])
def test_task_waits_for_another_run(task: str, lake: Lake) -> None:
    run_lock.take(lake, "another run")
    with pytest.raises(LockedError, match="is being written by the run another run, since"):
        operator(task, lake).execute(context())


def test_maintenance_that_fails_releases_the_lock(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SPARK_DEFAULT", raising=False)
    with pytest.raises(AirflowNotFoundException):
        operator("maintain", lake).execute(context())
    run_lock.take(lake, "another run")


def test_lost_catalog_fails_maintenance_for_good(lake: Lake) -> None:
    write_tables(lake, RUN_DATE, {LISTENS.name: []})
    for file in Path(lake.root).glob("catalog.db*"):
        file.unlink()
    with pytest.raises(AirflowFailException, match="is lost: it has no table"):
        operator("maintain", lake).execute(context())


def test_cleared_check_takes_the_lock(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SPARK_DEFAULT", raising=False)
    with pytest.raises(AirflowNotFoundException):
        operator("check", lake).execute(context())
    assert run_lock.release(lake, "run 1")
