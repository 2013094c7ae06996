from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

# It sets up logging when it is first imported, which must not be while a test listens.
import airflow.settings  # noqa: F401
import pytest

from include.notify import alerts
from include.notify.alerts import Alert
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.logs import RUN_DATE
from tests.webhook import PASSWORD, TOKEN, Webhook, connection, webhook

# Apprise imports it in Python 3.11 and 3.12.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

LAKE = Lake("/lake", "listening")
FAILED = Alert(
    "failed",
    "listening",
    "manual__1",
    RUN_DATE,
    "check_listens",
    ("quality: 80 found, 90 is the least",),
    80,
    "http://127.0.0.1:8080/dags/x",
)
DEGRADED = replace(FAILED, kind="degraded", stage="report", reasons=("12 % lack an id", "3 % are too long"))
LATE = replace(FAILED, kind="late", stage="the last one to finish is ranking", quality_score=None, log_url=None)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as server:
        connect(monkeypatch, server.address)
        yield server


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged, at the level at which Apprise and urllib3 tell whole addresses."""
    caplog.set_level(logging.DEBUG)
    return caplog


def connect(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", connection(*addresses))


def dead_address() -> str:
    with webhook() as server:
        return server.address


def ours(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(one.levelname, one.getMessage()) for one in caplog.records if one.name == "include.notify.alerts"]


@pytest.mark.parametrize(
    ("alert", "title", "body"),
    [
        pytest.param(
            FAILED,
            "listening failed, run date 2009-05-04",
            [
                "Run: manual__1 of listening",
                "Run date: 2009-05-04",
                "Stage: check_listens",
                "Reason: quality: 80 found, 90 is the least",
                "Quality score: 80.00",
                "Report: none of this run; that of an earlier run of this date, if there was one, stands in "
                "/lake/listening/reports/run_date=2009-05-04. "
                "What the stages left: /lake/listening/runs/run_date=2009-05-04",
                f"Next: {alerts.NEXT['failed']}",
                'Runbook: docs/operations.md, "The first three commands"',
                "Log: http://127.0.0.1:8080/dags/x",
            ],
            id="failed",
        ),
        pytest.param(
            DEGRADED,
            "listening degraded, run date 2009-05-04",
            [
                "Run: manual__1 of listening",
                "Run date: 2009-05-04",
                "Stage: report",
                "Reason: 12 % lack an id; 3 % are too long",
                "Quality score: 80.00",
                "Report: /lake/listening/reports/run_date=2009-05-04/report.html",
                f"Next: {alerts.NEXT['degraded']}",
                'Runbook: docs/operations.md, "The first three commands"',
                "Log: http://127.0.0.1:8080/dags/x",
            ],
            id="degraded",
        ),
        pytest.param(
            LATE,
            "listening late, run date 2009-05-04",
            [
                "Run: manual__1 of listening",
                "Run date: 2009-05-04",
                "Stage: the last one to finish is ranking",
                "Reason: quality: 80 found, 90 is the least",
                "Quality score: not known",
                "Report: none of this run; that of an earlier run of this date, if there was one, stands in "
                "/lake/listening/reports/run_date=2009-05-04. "
                "What the stages left: /lake/listening/runs/run_date=2009-05-04",
                f"Next: {alerts.NEXT['late']}",
                'Runbook: docs/operations.md, "The first three commands"',
            ],
            id="late",
        ),
    ],
)
def test_alert_says_what_happened_and_what_to_do(alert: Alert, title: str, body: list[str]) -> None:
    assert alerts.text(alert, LAKE) == (title, "\n".join(body))


def test_run_of_no_log_has_neither_score_nor_report() -> None:
    title, body = alerts.text(replace(FAILED, dag_id="lake_maintenance", stage="maintain", quality_score=None), None)
    assert title == "lake_maintenance failed, run date 2009-05-04"
    assert [line.partition(":")[0] for line in body.splitlines()] == [
        "Run",
        "Run date",
        "Stage",
        "Reason",
        "Next",
        "Runbook",
        "Log",
    ]
    assert "mended" not in body


def test_runbook_has_the_section_named_by_alerts() -> None:
    file, section = re.fullmatch('(.+), "(.+)"', alerts.RUNBOOK).groups()  # type: ignore[union-attr]
    assert f"## {section}\n" in (PROJECT / file).read_text(encoding="utf-8")


def test_alert_says_not_known_for_missing_facts() -> None:
    _, body = alerts.text(Alert("failed", "dag", "run", None, None, ()), LAKE)
    assert body.splitlines()[1:6] == [
        "Run date: not known",
        "Stage: not known",
        "Reason: not known; the log may tell",
        "Quality score: not known",
        "Report: not known",
    ]


def test_long_reason_keeps_its_beginning_and_end() -> None:
    _, body = alerts.text(replace(FAILED, reasons=("first" + "x" * 5000 + "last",)), LAKE)
    reason = body.splitlines()[3]
    assert reason.startswith("Reason: firstxxx")
    assert reason.endswith("xxxlast")
    assert len(reason) < 1100


@pytest.mark.parametrize(
    ("alert", "kind"),
    [pytest.param(FAILED, "failure"), pytest.param(DEGRADED, "warning"), pytest.param(LATE, "warning")],
)
def test_webhook_gets_the_text_and_its_severity(hook: Webhook, alert: Alert, kind: str) -> None:
    alerts.send(alert, LAKE)
    (got,) = hook.got
    assert (got["title"], got["message"]) == alerts.text(alert, LAKE)
    assert got["type"] == kind


def test_alert_without_a_connection_is_logged_as_warning(everything: Any) -> None:
    alerts.send(DEGRADED, LAKE)
    title, body = alerts.text(DEGRADED, LAKE)
    assert ours(everything) == [
        ("WARNING", f"Alert, logged alone as there is no connection apprise_default:\n{title}\n{body}")
    ]


def test_undeliverable_alert_is_logged_as_error_with_reason(monkeypatch: pytest.MonkeyPatch, everything: Any) -> None:
    connect(monkeypatch, dead_address())
    alerts.send(FAILED, LAKE)
    ((level, said),) = ours(everything)
    assert level == "ERROR"
    assert said.startswith("Alert not sent, JSON: A Connection error occurred sending JSON notification to 127.0.0.1.")
    assert said.endswith("\n".join(alerts.text(FAILED, LAKE)))


def test_refusing_webhook_is_logged_as_error_with_status(hook: Webhook, everything: Any) -> None:
    hook.status = 503
    alerts.send(FAILED, LAKE)
    ((level, said),) = ours(everything)
    assert (level, "error=503" in said) == ("ERROR", True)


def test_living_service_gets_alert_dead_one_is_logged(
    monkeypatch: pytest.MonkeyPatch, hook: Webhook, everything: Any
) -> None:
    connect(monkeypatch, dead_address(), hook.address, "nosuch://service")
    alerts.send(FAILED, LAKE)
    assert len(hook.got) == 1
    ((level, said),) = ours(everything)
    assert (level, "JSON: A Connection error" in said) == ("ERROR", True)
    assert "1 of 3 addresses are none that Apprise knows" in said


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('{"conn_type": "apprise"}', id="no config"),
        pytest.param('{"conn_type": "apprise", "extra": {"config": {"url": "json://' + TOKEN + '"}}}', id="no path"),
        pytest.param('{"conn_type": "apprise", "extra": {"config": "json://' + TOKEN + '"}}', id="no JSON"),
    ],
)
def test_unusable_connection_logs_an_error_without_failing(
    monkeypatch: pytest.MonkeyPatch, everything: Any, document: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", document)
    alerts.send(FAILED, LAKE)
    ((level, said),) = ours(everything)
    assert (level, "the connection apprise_default cannot be used" in said) == ("ERROR", True)
    assert TOKEN not in everything.text


def test_unparsable_connection_counts_as_missing_and_stays_secret(
    monkeypatch: pytest.MonkeyPatch, everything: Any
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", '{"conn_type": "apprise", ' + TOKEN)
    alerts.send(FAILED, LAKE)
    assert [level for level, _ in ours(everything)] == ["WARNING"]
    assert TOKEN not in everything.text


@pytest.mark.parametrize("alive", [True, False], ids=["sent", "not sent"])
def test_no_log_line_has_the_webhooks_secrets(
    monkeypatch: pytest.MonkeyPatch, everything: Any, hook: Webhook, alive: bool
) -> None:
    connect(monkeypatch, hook.address if alive else dead_address())
    alerts.send(FAILED, LAKE)
    assert len(hook.got) == alive
    assert (TOKEN in everything.text, PASSWORD in everything.text) == (False, False)


def test_webhooks_secrets_are_masked_in_text_and_log(hook: Webhook, everything: Any) -> None:
    told = replace(FAILED, reasons=(f"cannot reach {hook.address} with {TOKEN} or {PASSWORD}",))
    alerts.send(told, LAKE)
    hook.status = 500
    alerts.send(told, LAKE)
    for said in (hook.got[0]["message"], ours(everything)[-1][1]):
        assert "Reason: cannot reach *** with *** or ***" in said


@pytest.mark.parametrize(
    ("address", "readable"),
    [
        pytest.param("json://example2.com:8080/hook/T0kenT0ken", {"example2.com", "hook"}, id="webhook"),
        pytest.param("mailto://me:hunter@mail2.example.com?to=you@example.com", {"mail2.example.com"}, id="mail"),
        pytest.param("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts", {"alerts"}, id="Slack"),
        pytest.param("pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7F/node01/component", {"component"}, id="PagerDuty"),
    ],
)
def test_tokens_in_addresses_are_secret_names_are_not(address: str, readable: set[str]) -> None:
    found = alerts.secrets(address)
    assert address in found
    assert not readable & found
    assert {part for part in ("T0kenT0ken", "hunter", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ") if part in address} <= (
        found
    )
