"""The runs of the logs' DAGs as Airflow knows them, and what to say of one beside its report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState, State
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from include.deployment.run_date import run_date
from include.notify import alerts
from include.report.model import RunReport
from include.runs.records import read_report
from include.telemetry.live_counts import read_live_counts
from spark_jobs.shared.lake import Lake

NOT_STARTED = datetime.max.replace(tzinfo=UTC)


def last_runs(session: Session, log: str) -> dict[date, Row[Any]]:
    """The run of a log's DAG for each run date that was the last to start, or waits to: run_id, state and dates."""
    columns = (DagRun.run_id, DagRun.state, DagRun.start_date, DagRun.logical_date, DagRun.run_after)
    runs = session.execute(select(*columns).filter_by(dag_id=log)).all()
    return {run_date(run): run for run in sorted(runs, key=lambda run: run.start_date or NOT_STARTED)}


def find_run(session: Session, log: str, run_id: str) -> DagRun | None:
    """The run of a log's DAG that has this id."""
    return session.scalar(select(DagRun).filter_by(dag_id=log, run_id=run_id))


def is_under_way(run: Row[Any] | DagRun) -> bool:
    """Whether a run has not ended: it waits, or it runs."""
    return run.state in State.unfinished_dr_states


def has_failed(run: Row[Any] | DagRun) -> bool:
    """Whether a run has ended without success."""
    return run.state == DagRunState.FAILED


def made(run: Row[Any] | DagRun, report: RunReport | None) -> bool:
    """Whether a report was made since a run began, by that or by a later one."""
    began = run.start_date
    return report is not None and began is not None and began.replace(microsecond=0) <= report.made_at


def said_of(lake: Lake, run: DagRun) -> dict[str, str] | None:
    """What to say of a run in place of the report: a title and a sentence; None when the report is its own."""
    report = read_report(lake, run_date(run))
    if report and made(run, report) and (run.end_date is None or report.made_at <= run.end_date):
        return None
    if is_under_way(run):
        reason = f"The report of this run will be here as soon as it is made.{_now(lake, run)}"
        return {"title": "Under way", "reason": reason}
    if has_failed(run):
        return {"title": "Failed", "reason": f"{_note(run)} Next: {alerts.NEXT['failed']}"}
    if made(run, report):
        return {"title": "Answered anew", "reason": "A later run of this date has replaced the report of this one."}
    return {"title": "No report", "reason": "The run has ended, but this lake holds no report made by it."}


def _now(lake: Lake, run: DagRun) -> str:
    """Return what the stage that runs now has done so far, as a sentence more; nothing where none tells."""
    so_far = read_live_counts(lake, run_date(run))
    # A task that was killed may have left what it told.
    is_ours = so_far and run.start_date and so_far.at >= run.start_date
    return f" {so_far.line} ({so_far.at:%H:%M:%S} UTC)." if so_far and is_ours else ""


def _note(run: DagRun) -> str:
    ours = [line for line in (run.note or "").splitlines() if line.startswith("Verdict: ")]
    return f"{ours[0].rstrip('.')}." if ours else "The run made no report."
