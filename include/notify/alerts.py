"""What an alert about a run says, and how it reaches people: through the Airflow connection `apprise_default`."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from upath import UPath

from spark_jobs.shared.lake import Lake

CONNECTION = "apprise_default"
SEND_SECONDS = 30
# The driver's last lines are among the reasons: enough of them to know, not so many that a pager cuts the rest.
REASON_CHARACTERS = 1000
# Short words and those without a digit are names, which must stay readable: a token is neither.
TOKEN_CHARACTERS = 8
# At DEBUG they tell the whole address of a webhook, its token included.
LOGGERS_THAT_TELL_ADDRESSES = ("apprise", "urllib3", "requests_oauthlib")

NEXT = {
    "failed": "the last error in the stage's log says what was found, what is allowed and what to do. Once the cause "
    "is gone, clear the failed task: the run goes on from there. Once the input is mended, run this date again.",
    "degraded": "the answer is published. Read in the report what the warnings mean for it before it is used; a "
    "mended input is answered by running this date again.",
    "late": "look in Airflow which task runs or waits, and into its log. Nothing was stopped: the run goes on, and "
    "fails by itself at its time limit.",
}
NEXT_OF_OTHERS = (
    "the last error in the task's log says what was found, what is allowed and what to do. The DAG's page in Airflow "
    "says what is lost until it has run again."
)
RUNBOOK = 'docs/operations.md, "The first three commands"'

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alert:
    """What is known of a run that somebody should look at; None where it is not known.

    `stage` is where it failed, what made it degraded or what finished last; `log_url` is the stage's log in Airflow.
    """

    kind: Literal["failed", "degraded", "late"]
    dag_id: str
    run_id: str
    run_date: date | None
    stage: str | None
    reasons: tuple[str, ...]
    quality_score: float | None = None
    log_url: str | None = None


def text(alert: Alert, lake: Lake | None) -> tuple[str, str]:
    """Return an alert's title, one line, and its body: run, stage, reason, score, report, and what to do next.

    Without a lake the run is of no log: it has neither score nor report, and no input to mend.
    """
    day = alert.run_date or "not known"
    lines = {
        "Run": f"{alert.run_id} of {alert.dag_id}",
        "Run date": day,
        "Stage": alert.stage or "not known",
        "Reason": _shortened("; ".join(alert.reasons)) or "not known; the log may tell",
        **({"Quality score": score(alert.quality_score), "Report": _report(alert, lake)} if lake else {}),
        "Next": NEXT[alert.kind] if lake else NEXT_OF_OTHERS,
        "Runbook": RUNBOOK,
    }
    if alert.log_url:
        lines["Log"] = alert.log_url
    return f"{alert.dag_id} {alert.kind}, run date {day}", "\n".join(f"{name}: {said}" for name, said in lines.items())


def score(quality_score: float | None) -> str:
    """A quality score as people read it.

    >>> score(99.5), score(None)
    ('99.50', 'not known')
    """
    return "not known" if quality_score is None else f"{quality_score:.2f}"


def records(lake: Lake, run_date: date) -> UPath:
    """The directory of what the stages of a run left."""
    return lake.stage_record("data_quality", run_date).parent


def send(alert: Alert, lake: Lake | None) -> None:
    """Send an alert to every service of the connection, or log it: a warning without one, else an error that says why.

    Never raises: whether people hear of a run must not change the run.
    """
    title, body = text(alert, lake)
    try:
        fault = _deliver(alert, title, body)
    except Exception as error:
        # Only its kind: its words may hold the address, with its token.
        fault = f"the connection {CONNECTION} cannot be used ({type(error).__name__})"
    if fault is None:
        log.info("Alert sent: %s", title)
    elif fault:
        log.error("Alert not sent, %s:\n%s\n%s", _redacted(fault), *map(_redacted, (title, body)))
    else:
        log.warning("Alert, logged alone as there is no connection %s:\n%s\n%s", CONNECTION, title, _redacted(body))


def _deliver(alert: Alert, title: str, body: str) -> str | None:
    """Return None when every service took the alert, "" when there is no connection, else what went wrong."""
    from airflow.providers.apprise.hooks.apprise import AppriseHook
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret
    from apprise import Apprise, NotifyType

    hook, services = AppriseHook(CONNECTION), Apprise()
    try:
        connection = hook.get_connection(CONNECTION)
    except AirflowNotFoundException:
        return ""
    config: Any = hook.get_config_from_conn(connection)
    addresses = [one["path"] for one in (config if isinstance(config, list) else [config])]
    for address in addresses:
        for secret in secrets(address):
            mask_secret(secret)
    with _quiet():
        hook.set_config_from_conn(connection, services)
        # Not the hook's own notify: it does not tell whether anybody was told.
        result = services.notify(
            _redacted(body),
            _redacted(title),
            notify_type=NotifyType.FAILURE if alert.kind == "failed" else NotifyType.WARNING,
            timeout=SEND_SECONDS,
        )
    faults = [f"{sent.name}: {_last_words(sent)}" for sent in result if not sent]
    if len(services) < len(addresses):
        faults.append(f"{len(addresses) - len(services)} of {len(addresses)} addresses are none that Apprise knows")
    return "; ".join(faults) or None


def secrets(address: str) -> set[str]:
    """The parts of a service's address that let anybody write there: the whole, the password and every token.

    >>> sorted(secrets("slack://T1JJ3T3L2/A1BRTD4JD/x"))
    ['A1BRTD4JD', 'T1JJ3T3L2', 'T1JJ3T3L2/A1BRTD4JD/x', 'slack://T1JJ3T3L2/A1BRTD4JD/x']
    """
    rest = address.partition("://")[2]
    authority = re.split(r"[/?#]", rest)[0]
    user, _, host = authority.rpartition("@")
    parts = set(re.split(r"[/?&=@:#,;]", rest)) - ({host.partition(":")[0]} if "." in host else set())
    tokens = {part for part in parts if len(part) >= TOKEN_CHARACTERS and re.search(r"\d", part)}
    return {address, rest, user.partition(":")[2], *tokens} - {""}


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LOGGERS_THAT_TELL_ADDRESSES]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagates in zip(loggers, before, strict=True):
            logger.propagate = propagates


def _last_words(sent: Any) -> str:
    said = [entry.message for entry in sent.logs()]
    return said[-1] if said else str(sent.status.name).lower()


def _report(alert: Alert, lake: Lake) -> str:
    if alert.run_date is None:
        return "not known"
    directory = lake.report(alert.run_date)
    if alert.kind == "degraded":
        return f"{directory}/report.html"
    return (
        f"none of this run; that of an earlier run of this date, if there was one, stands in {directory}. "
        f"What the stages left: {records(lake, alert.run_date)}"
    )


def _shortened(reason: str) -> str:
    if len(reason) <= REASON_CHARACTERS:
        return reason
    # Spark's own words come last, what failed comes first.
    return f"{reason[: REASON_CHARACTERS // 2]} ... {reason[-REASON_CHARACTERS // 2 :]}"


def _redacted(words: str) -> str:
    """Replace what Airflow knows to be a secret: the connection's own, and all that this process has looked up."""
    from airflow.sdk.log import redact

    return str(redact(words))
