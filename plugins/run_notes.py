"""What the run came to, in its note: beside the run in Airflow's list, without opening anything.

Also the plugin by which Airflow knows of our listeners and of the deadline's reference.
"""

from __future__ import annotations

from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from include.deployment.logs import is_of_a_log
from include.deployment.run_date import run_date
from include.deployment.settings import settings
from include.notify import alerts
from include.runs.records import read_report
from plugins.run_alerts import REASONS, SCORING_STAGE, read_score
from plugins.run_deadline import SinceQueued
from plugins.run_metrics import RunMetrics
from plugins.run_unlocking import RunUnlocking

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

# Begins our line in a note, so that a run that is cleared gets it anew and not once more.
MARK = "Verdict: "
# The column's width. What is longer fails at the commit, in PostgreSQL, and with it the scheduler.
NOTE_CHARACTERS = 1000
# With less room left than this our line would say nothing.
LINE_CHARACTERS = 80


class RunNotes:
    """A listener: Airflow calls it where a run ends, in the scheduler, in `dags test` and, marked by hand, in the API.

    It is the only way: a task cannot write the note through the Task SDK. What it sets is saved with the run's state.
    """

    @hookimpl
    def on_dag_run_success(self, dag_run: DagRun, msg: str) -> None:
        """Note the verdict, the score, the report, and why the run is degraded if it is."""
        if is_of_a_log(dag_run.dag_id):
            forget_unsaved_deadlines(dag_run)
            if line := success_line(dag_run):
                _write(dag_run, line)

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun, msg: str) -> None:
        """Note where the run failed, and where to look."""
        if is_of_a_log(dag_run.dag_id):
            _write(dag_run, failure_line(dag_run, msg))


def forget_unsaved_deadlines(dag_run: DagRun) -> None:
    """Keep `dags test` alive: there the DAG holds its deadlines themselves, and Airflow 3.3.2 takes them for ids.

    Without it every successful run of a DAG with a deadline ends there in a StatementError and exit code 1.
    """
    dag: Any = dag_run.dag
    if any(not isinstance(deadline, str) for deadline in dag.deadline or ()):
        dag.deadline = None


def success_line(dag_run: DagRun) -> str | None:
    """Return what the report says of a run; None without a report, as after a success that was marked by hand."""
    lake, day = settings().lake(dag_run.dag_id), run_date(dag_run)
    report = read_report(lake, day)
    if not report or _older(report.made_at, dag_run.start_date):
        return None
    because = "".join(f" {reason.rstrip('.')}." for reason in report.degraded_because)
    return (
        f"{MARK}{report.verdict}, quality score {alerts.score(report.quality_score)}. "
        f"Report: {lake.report(day)}/report.html.{because}"
    )


def failure_line(dag_run: DagRun, msg: str) -> str:
    """Where a run failed: the stage, as no task leaves its reason in Airflow's database, and what to look at."""
    lake, day = settings().lake(dag_run.dag_id), run_date(dag_run)
    states = {ti.task_id: ti for ti in dag_run.get_task_instances(session=_session(dag_run))}
    # At its time limit Airflow marks what was running as skipped.
    stopped = [stage for stage, ti in states.items() if ti.state == "skipped" and ti.start_date]
    failed = [stage for stage, ti in states.items() if ti.state == "failed"] or stopped
    scored = SCORING_STAGE in states and states[SCORING_STAGE].state == "success"
    score = alerts.score(read_score(lake, day) if scored else None)
    why = REASONS.get(msg, "the last error in its log says why")
    return (
        f"{MARK}failed at {', '.join(failed) or 'no stage'}, quality score {score}: {why}. "
        f"What the stages left: {alerts.records(lake, day)}"
    )


def with_line(note: str | None, line: str) -> str:
    """A note with our line in place of our last one, below what people wrote, which stays whole.

    >>> with_line("Verdict: failed\\nCalled the label.", "Verdict: good")
    'Called the label.\\nVerdict: good'
    """
    theirs = "\n".join(kept for kept in (note or "").splitlines() if not kept.startswith(MARK))
    before = f"{theirs}\n" if theirs else ""
    room = NOTE_CHARACTERS - len(before)
    return theirs if room < LINE_CHARACTERS else before + shorten(line, room, placeholder=" ...")


def _write(dag_run: DagRun, line: str) -> None:
    # In `dags test` the run is detached from the session that saves it.
    run = _session(dag_run).merge(dag_run, load=True)
    run.note = with_line(run.note, line)


def _session(dag_run: DagRun) -> Session:
    from airflow import settings as airflow_settings
    from sqlalchemy.orm import object_session

    # Never a new one: in SQLite it would wait for the lock that the caller holds.
    of_this_thread: Any = airflow_settings.Session
    return object_session(dag_run) or of_this_thread()


def _older(made_at: datetime, start: datetime | None) -> bool:
    return start is not None and made_at < start.replace(microsecond=0)


class RunsPlugin(AirflowPlugin):
    """Registers the listeners and the deadline's reference, which Airflow looks up by the module it comes from."""

    name = "runs"
    listeners = [RunNotes(), RunMetrics(), RunUnlocking()]  # noqa: RUF012  (as the base class has them)
    deadline_references = [SinceQueued]  # noqa: RUF012
