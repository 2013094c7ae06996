"""Alerts, notes and metrics where the scheduler, the DAG processor and the triggerer have a part in them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from cli import ui
from cli.environment import airflow_environment, prepare_database
from spark_jobs.lake import lock
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.monitoring.queries import metrics_asked
from tests.plugins.test_run_alerts import TINY_DAG, lines
from tests.plugins.tiny_dag.tiny import DEADLINE
from tests.stack.running import wait_for
from tests.stack.spark_cluster import free_port
from tests.statsd import Statsd, statsd
from tests.webhook import PASSWORD, TOKEN, Webhook, connection, webhook

pytestmark = pytest.mark.end_to_end

DAG = "/api/v2/dags/listening"
# In a process of its own: it takes the signals for itself.
SERVE = """
import os, pathlib, sys
from cli.airflow_services import running
with running(dict(os.environ), pathlib.Path(sys.argv[1])) as airflow:
    airflow.watch()
"""
# A busy machine may take its time for an answer.
ANSWER_SECONDS = 120
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture(scope="module")
def metrics() -> Iterator[Statsd]:
    with statsd() as server:
        yield server


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scheduler") / "airflow.log"


@pytest.fixture(scope="module")
def ask(hook: Webhook, log: Path, metrics: Statsd) -> Iterator[Ask]:
    """Airflow with the tiny DAG, metrics, all the logging there is, and the webhook's connection in its database.

    The shell has a proxy on which nobody answers.
    """
    home = log.parent / "airflow"
    with pytest.MonkeyPatch.context() as shell:
        for name in ("no_proxy", "NO_PROXY"):
            shell.delenv(name, raising=False)
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
            shell.setenv(name, "http://127.0.0.1:9")
        hostile = airflow_environment(home, home / "lake", home, "log.tsv")
    environment = (
        hostile
        | metrics.settings
        | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(TINY_DAG),
            "AIRFLOW__CORE__PARALLELISM": "6",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        }
    )
    prepare_database(environment)
    # It takes seconds, in which another might take the port.
    port = free_port()
    environment |= ui.ui_environment(port, home)
    password = ui.kept_password(home / "ui-passwords.json")
    serving = subprocess.Popen([sys.executable, "-c", SERVE, str(log)], cwd=PROJECT, env=environment)

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        login = {"username": ui.USER, "password": password}
        token = ui.ask(port, "POST", "/auth/token", login, seconds=ANSWER_SECONDS)["access_token"]
        return ui.ask(port, method, path, body, token, ANSWER_SECONDS)

    try:
        wait_for(lambda: answers(ask), 300)
        document = json.loads(connection(hook.address))
        extra = json.dumps(document["extra"])
        ask("POST", "/api/v2/connections", {"connection_id": "apprise_default", "conn_type": "apprise", "extra": extra})
        yield ask
    finally:
        serving.terminate()
        serving.wait()


def answers(ask: Ask) -> bool:
    try:
        return bool(ask("GET", f"{DAG}/details"))
    except (OSError, HTTPException):
        return False


def trigger(ask: Ask, kind: str, day: int) -> str:
    """Start a run of a kind, and return its path in the API."""
    run = {"logical_date": f"2009-06-{day:02}T00:00:00Z", "conf": {"kind": kind}}
    return f"{DAG}/dagRuns/{ask('POST', f'{DAG}/dagRuns', run)['dag_run_id']}"


def end_of(ask: Ask, run: str) -> dict[str, Any]:
    def ended() -> Any:
        with suppress(OSError, HTTPException):
            return (found := ask("GET", run))["state"] in ("success", "failed") and found

    return wait_for(ended, 600)


def seconds_of(run: dict[str, Any]) -> float:
    """From when a run was queued, which its deadline counts from, to its end."""
    queued_at, ended_at = (datetime.fromisoformat(run[moment]) for moment in ("queued_at", "end_date"))
    return (ended_at - queued_at).total_seconds()


def titles(hook: Webhook, day: int) -> list[str]:
    return [one["title"].split()[1].rstrip(",") for one in hook.got if one["title"].endswith(f"2009-06-{day:02}")]


def test_each_run_gives_its_alerts_and_note(ask: Ask, hook: Webhook, log: Path) -> None:
    # It takes the longest: it goes on until its time limit.
    endless, failed = trigger(ask, "never ends", 3), trigger(ask, "fails for good", 4)
    first_try = end_of(ask, failed)
    assert first_try["state"] == "failed"
    ask("PATCH", failed, {"note": f"{ask('GET', failed)['note']}\nCleared by me."})
    # Its deadline is yet to come, and must not be in the way.
    cleared = {"dry_run": False, "dag_run_id": failed.rpartition("/")[2], "only_failed": True}
    assert ask("POST", f"{DAG}/clearTaskInstances", cleared)["total_entries"] == 2
    days = {"is killed": 1, "is late": 2, "is degraded": 5}
    killed, late, degraded = (trigger(ask, kind, day) for kind, day in days.items())

    ends = [end_of(ask, run) for run in (killed, late, endless, failed, degraded)]
    assert [run["state"] for run in ends] == ["failed", "success", "failed", "failed", "success"]
    ends[3]["queued_at"] = first_try["queued_at"]
    expected = [["failed"], ["late"], ["late", "failed"], ["failed", "failed"], ["degraded"]]

    def told() -> list[list[str]]:
        # On a busy machine others may miss their deadline, too, and are told so, before their end or after it.
        strictly = [
            seconds_of(run) <= DEADLINE.total_seconds() or "late" in said
            for run, said in zip(ends, expected, strict=True)
        ]
        return [
            [title for title in titles(hook, day) if strict or title != "late"]
            for day, strict in enumerate(strictly, 1)
        ]

    # The last assertion here reports alerts that are missing and alerts that are too many.
    with suppress(AssertionError):
        wait_for(lambda: told() == expected, 180)
    time.sleep(5)
    assert told() == expected
    failures = [one for one in hook.got if one["title"].split()[1] == "failed,"]
    reasons = {one["title"].rpartition(" ")[2]: lines(one)["Reason"] for one in failures}
    assert reasons["2009-06-01"].startswith("the task left none: it was killed")
    assert reasons["2009-06-03"].startswith("the run took longer than its time limit")
    assert reasons["2009-06-04"] == "quality: 80 found, 90 is the least"

    with Lake(str(log.parent / "airflow" / "lake"), "listening").catalog.open() as catalog:
        # No task lived to release it.
        assert lock.holder(catalog, "listening") is None

    note = ask("GET", failed)["note"].splitlines()
    assert [note[0], note[1].partition(",")[0]] == ["Cleared by me.", "Verdict: failed at check_listens"]
    assert ask("GET", endless)["note"].startswith("Verdict: failed at check_listens, quality score 91.23: the run took")
    assert ask("GET", late)["note"].startswith("Verdict: good, quality score 91.23. Report: ")
    assert ask("GET", degraded)["note"].endswith("report.html. 12 % of listens lack an artist id.")
    for file in (log, *(path for path in log.parent.rglob("logs/**/*") if path.is_file())):
        said = file.read_text(errors="replace")
        assert (TOKEN in said, PASSWORD in said) == (False, False), file


def test_scheduler_and_tasks_send_the_watched_metrics(ask: Ask, metrics: Statsd) -> None:
    started = time.time()
    runs = [trigger(ask, kind, day) for day, kind in ((20, "is good"), (21, "fails for good"))]
    assert [end_of(ask, run)["state"] for run in runs] == ["success", "failed"]
    ends = {f"run.last_{moment}_timestamp_seconds" for moment in ("start", "end", "failure", "success")}
    answer = {"run.deadline_seconds", "run.run_date_timestamp_seconds", "run.degraded", "run.degradations"}
    wait_for(lambda: all(metrics.ours().get(name, 0) >= int(started) for name in ends))

    sent = metrics.ours()
    assert sent.keys() == ends | answer
    assert all(sent[name] <= time.time() for name in ends)
    assert sent["run.deadline_seconds"] == 180 * 60
    assert sent["run.run_date_timestamp_seconds"] == 1_245_456_000
    # Airflow's own, of all its processes, by the names that the exporter makes of them; no run need be late here.
    late = {"airflow_deadline_alerts_deadline_missed"}
    asked = {name for name in metrics_asked() - late if re.match("airflow_(?!pipeline_)", name)}
    wait_for(lambda: asked <= {name.replace(".", "_") for name in metrics.names()})
    failed_tasks = [one for one in metrics.got if re.match(r"airflow\.ti\.finish\b.*,state=failed\b.*:1\|c$", one)]
    assert any("task_id=check_listens" in one for one in failed_tasks)
    assert not any("run_id" in datagram for datagram in metrics.got)


def test_spark_tasks_of_two_logs_take_turns(ask: Ask, log: Path) -> None:
    dags = ("first_log", "second_log")
    runs = []
    for name in dags:
        ask("PATCH", f"/api/v2/dags/{name}", {"is_paused": False})
        started = ask("POST", f"/api/v2/dags/{name}/dagRuns", {"logical_date": "2009-06-04T00:00:00Z"})
        runs.append(f"/api/v2/dags/{name}/dagRuns/{started['dag_run_id']}")
    assert [end_of(ask, run)["state"] for run in runs] == ["success", "success"]
    turns = (log.parent / "airflow" / "turns.txt").read_text().splitlines()
    first, second = turns[0].split()[0], turns[2].split()[0]
    assert {first, second} == set(dags)
    assert turns == [f"{name} {point}" for name in (first, second) for point in ("begins", "ends")]
