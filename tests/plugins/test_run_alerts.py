"""The callbacks and the note, as `airflow dags test` has them; tests/plugins/test_with_a_scheduler.py has the rest."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import airflow.settings  # noqa: F401  (it sets up logging, which must not be while a test listens)
import pytest

from cli.environment import airflow_environment, prepare_database
from plugins import run_alerts
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.published import leave_record
from tests.webhook import PASSWORD, TOKEN, Webhook, connection, webhook

TINY_DAG = Path(__file__).parent / "tiny_dag"
KINDS = ["fails for good", "fails twice", "fails before the score", "is degraded", "is good"]

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass(frozen=True)
class Outcome:
    """The results of the runs: alerts and notes by kind of run, and the whole task log."""

    lake: Path
    alerts: dict[str, list[dict[str, Any]]]
    notes: dict[str, str | None]
    log: str


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One run of each kind, one after another in one process."""
    home = tmp_path_factory.mktemp("home")
    environment = airflow_environment(home / "airflow", home / "lake", home, "log.tsv") | {
        "AIRFLOW__CORE__DAGS_FOLDER": str(TINY_DAG),
    }
    # Its own, and a run that got as far must not be the one whose score is told.
    leave_record(
        Lake(environment["PIPELINE_LAKE"], "listening"), "data_quality", RUN_DATE.replace(day=6), {"quality_score": 11}
    )
    prepare_database(environment)
    with webhook() as hook:
        environment["AIRFLOW_CONN_APPRISE_DEFAULT"] = connection(hook.address)
        command = [sys.executable, str(TINY_DAG / "tiny.py"), *KINDS]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-3000:]
    with closing(sqlite3.connect(home / "airflow" / "airflow.db")) as database:
        query = "SELECT logical_date, content FROM dag_run LEFT JOIN dag_run_note ON dag_run_id = dag_run.id ORDER BY 1"
        notes = [content for _, content in database.execute(query)]
    days = {kind: f"run date 2009-05-{4 + position:02}" for position, kind in enumerate(KINDS)}
    return Outcome(
        home / "lake",
        {kind: [alert for alert in hook.got if alert["title"].endswith(day)] for kind, day in days.items()},
        dict(zip(KINDS, notes, strict=True)),
        ran.stdout + ran.stderr,
    )


def lines(alert: dict[str, Any]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in alert["message"].splitlines())


@pytest.mark.parametrize(
    ("kind", "stage", "reason", "score"),
    [
        pytest.param("fails for good", "check_listens", "quality: 80 found, 90 is the least", "91.23"),
        pytest.param("fails twice", "check_listens", "lost executor", "91.23"),
        pytest.param("fails before the score", "data_quality", "no listen in it", "not known"),
    ],
)
def test_failed_run_alerts_once_with_stage_and_reason(
    outcome: Outcome, kind: str, stage: str, reason: str, score: str
) -> None:
    (alert,) = outcome.alerts[kind]
    said = lines(alert)
    assert alert["type"] == "failure"
    assert (said["Stage"], said["Reason"], said["Quality score"]) == (stage, reason, score)
    assert said["Log"].partition("/dags/")[2].startswith("listening/runs/manual__")


def test_degraded_run_alerts_once_with_reasons_and_report(outcome: Outcome) -> None:
    (alert,) = outcome.alerts["is degraded"]
    said = lines(alert)
    assert alert["type"] == "warning"
    assert (said["Stage"], said["Reason"]) == ("report", "12 % of listens lack an artist id.")
    assert said["Report"] == f"{outcome.lake}/listening/reports/run_date=2009-05-07/report.html"


def test_a_good_run_gives_no_alert(outcome: Outcome) -> None:
    assert outcome.alerts["is good"] == []


def test_note_says_verdict_score_report_and_reasons(outcome: Outcome) -> None:
    reports = f"{outcome.lake}/listening/reports"
    assert outcome.notes["is good"] == (
        f"Verdict: good, quality score 91.23. Report: {reports}/run_date=2009-05-08/report.html."
    )
    assert outcome.notes["is degraded"] == (
        f"Verdict: degraded, quality score 91.23. Report: {reports}/run_date=2009-05-07/report.html. "
        "12 % of listens lack an artist id."
    )


def test_note_of_failed_run_says_where_to_look(outcome: Outcome) -> None:
    runs = f"{outcome.lake}/listening/runs"
    assert outcome.notes["fails for good"] == (
        "Verdict: failed at check_listens, quality score 91.23: the last error in its log says why. "
        f"What the stages left: {runs}/run_date=2009-05-04"
    )
    assert outcome.notes["fails before the score"] == (
        "Verdict: failed at data_quality, quality score not known: the last error in its log says why. "
        f"What the stages left: {runs}/run_date=2009-05-06"
    )


def test_nothing_that_airflow_logs_has_the_webhooks_secrets(outcome: Outcome) -> None:
    assert "Alert sent" in outcome.log
    assert (TOKEN in outcome.log, PASSWORD in outcome.log) == (False, False)


def deadline_context(state: str, start_date: float) -> dict[str, Any]:
    """As the triggerer gives it: what the REST API says of the run, and the deadline."""
    from datetime import UTC, datetime

    run = {
        "dag_id": "listening",
        "dag_run_id": "manual__1",
        "logical_date": "2009-05-04T00:00:00Z",
        "run_after": "2026-01-02T00:00:00Z",
        "start_date": datetime.fromtimestamp(start_date, UTC).isoformat(),
        "state": state,
    }
    return {"dag_run": run, "deadline": {"id": "1", "deadline_time": datetime(2026, 1, 2, 3, tzinfo=UTC)}}


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> Iterator[Webhook]:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    with webhook() as server:
        monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", connection(server.address))
        yield server


def late(context: dict[str, Any]) -> None:
    asyncio.run(run_alerts.run_late(context))


def test_late_run_alerts_with_its_last_finished_stage(hook: Webhook, lake: Lake) -> None:
    for stage, age in {"data_quality": 50, "ranking": 500, "session_analysis": 20}.items():
        leave_record(lake, stage, RUN_DATE, {"quality_score": 97.5} if stage == "data_quality" else {})
        moment = time.time() - age
        os.utime(lake.stage_record(stage, RUN_DATE), (moment, moment))
    late(deadline_context("running", time.time() - 100))
    said = lines(hook.got[0])
    assert hook.got[0]["title"] == "listening late, run date 2009-05-04"
    assert said["Stage"] == "the last one to finish is session_analysis"
    assert said["Reason"] == "not finished by 2026-01-02 03:00 UTC, its deadline"
    assert said["Quality score"] == "97.50"


def test_late_run_omits_score_of_earlier_run(hook: Webhook, lake: Lake) -> None:
    leave_record(lake, "data_quality", RUN_DATE, {"quality_score": 97.5})
    late(deadline_context("queued", time.time() + 100))
    assert lines(hook.got[0])["Stage"] == "none has left a record yet"
    assert lines(hook.got[0])["Quality score"] == "not known"


def test_run_failed_before_deadline_gives_no_second_alert(hook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    late(deadline_context("failed", time.time()))
    assert hook.got == []
    assert "failed before its deadline" in caplog.text
