"""When Airflow tells of a run that failed, is degraded or is late: gather what is known, and send an alert."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from include.deployment.run_date import DAG_ID, run_date
from include.deployment.settings import settings
from include.notify import alerts
from include.notify.alerts import Alert
from include.runs.records import read_report
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

SCORING_STAGE = "data_quality"
# Left by a task that has alerted of its own failure.
MARK = "alerted"
# A task's failure is known to the scheduler before the task's own callback runs, long before where the API is slow. The
# DAG processor, which waits here, has 50 seconds for all it does ([dag_processor] dag_file_processor_timeout).
MARK_SECONDS = 30
REASONS = {
    "timed_out": "the run took longer than its time limit (dagrun_timeout); what was running has been stopped",
    "all_tasks_deadlocked": "no task of the run can start any more",
}
KILLED = "the task left none: it was killed, its machine was lost, or it could not be started"

# The runs whose failure a task of this process has told. In `dags test` tasks and DAG share one, without XComs.
_told: set[str] = set()


def task_failed(context: Context) -> None:
    """A task's `on_failure_callback`, called when no retry is left: alert of the failed run."""
    error = context.get("exception")
    # Without one it is the DAG processor that calls, for a task that was killed: `run_failed` follows, and alerts.
    if error:
        _told.add(context["run_id"])
        context["ti"].xcom_push(key=MARK, value=True)
        _send_failure(context, str(error) or type(error).__name__)


def run_failed(context: Context) -> None:
    """A DAG's `on_failure_callback`: alert of the failed run unless a task has, for it was killed or none failed."""
    reason = str(context.get("reason"))
    if reason != "task_failure":
        _send_failure(context, REASONS.get(reason, reason))
    elif not _has_alerted(context):
        _send_failure(context, KILLED)


def report_made(context: Context) -> None:
    """The report's `on_success_callback`: alert if it says degraded."""
    lake, day = settings().lake(DAG_ID), run_date(context["dag_run"])
    report = read_report(lake, day)
    if report and report.verdict == "degraded":
        reasons, score = report.degraded_because, report.quality_score
        alerts.send(Alert("degraded", *_run(context), day, _stage(context), reasons, score, _log_url(context)), lake)


async def run_late(context: dict[str, Any]) -> None:
    """The callback of a DAG's deadline: alert of a run that has not finished by then.

    For an AsyncCallback, which the triggerer runs: a SyncCallback of Airflow 3.3.2 is refused every connection of the
    metadata database (https://github.com/apache/airflow/pull/66141).
    """
    from asgiref.sync import sync_to_async

    await sync_to_async(_alert_if_late)(context)


def read_score(lake: Lake, day: date) -> float | None:
    """The quality score of the last run of a date that got as far; None when there is none that can be read."""
    try:
        return read_record(lake, DataQualityRecord, day).quality_score
    except (DataError, OSError):
        return None


def _alert_if_late(context: dict[str, Any]) -> None:
    # The context is JSON here, and has no task: what the run has left tells how far it is.
    run = context["dag_run"]
    # Airflow keeps the deadline of a run that failed before it (https://github.com/apache/airflow/issues/60927).
    if run["state"] == "failed":
        log.info("No alert: the run failed before its deadline, and has alerted of that")
        return
    moments = {name: _moment(run[name]) for name in ("logical_date", "run_after")}
    lake, day = settings().lake(DAG_ID), run_date(SimpleNamespace(**moments))
    left = _left_since(lake, day, _moment(run["start_date"]))
    stage = f"the last one to finish is {left[-1]}" if left else "none has left a record yet"
    reason = f"not finished by {_moment(context['deadline']['deadline_time']):%Y-%m-%d %H:%M} UTC, its deadline"
    score = read_score(lake, day) if SCORING_STAGE in left else None
    alerts.send(Alert("late", run["dag_id"], run["dag_run_id"], day, stage, (reason,), score), lake)


def _send_failure(context: Context, reason: str) -> None:
    lake, dag_run, task = settings().lake(DAG_ID), context.get("dag_run"), context.get("task")
    day = run_date(dag_run) if dag_run else None
    # A stage before it has not replaced the record of the last run of this date.
    scored = day and task and SCORING_STAGE in task.get_flat_relative_ids(upstream=True)
    score = read_score(lake, day) if day and scored else None
    alerts.send(Alert("failed", *_run(context), day, _stage(context), (reason,), score, _log_url(context)), lake)


def _has_alerted(context: Context) -> bool:
    task_instance, end = context.get("ti"), time.monotonic() + MARK_SECONDS
    if task_instance is None or context["run_id"] in _told:
        return task_instance is not None
    with suppress(Exception):
        while time.monotonic() < end:
            if task_instance.xcom_pull(task_ids=task_instance.task_id, key=MARK):
                return True
            time.sleep(0.5)
    return False


def _run(context: Context) -> tuple[str, str]:
    return context["dag"].dag_id, context["run_id"]


def _stage(context: Context) -> str | None:
    task = context.get("task")
    return task.task_id if task else None


def _log_url(context: Context) -> str | None:
    task_instance = context.get("ti")
    return task_instance.log_url if task_instance else None


def _left_since(lake: Lake, day: date, start: datetime | None) -> list[str]:
    """The stages that have left a record since the run started, the last one last."""
    if start is None:
        return []
    found = {path.stem: path.stat().st_mtime for path in alerts.records(lake, day).glob("*.json")}
    return sorted((stage for stage, time in found.items() if time >= start.timestamp()), key=found.__getitem__)


def _moment(text: Any) -> Any:
    return datetime.fromisoformat(text) if isinstance(text, str) else text
