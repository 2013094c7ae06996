"""The tasks of a log's DAG, so that a DAG file says only which there are, in which order, and what is the log's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert
from airflow.sdk.exceptions import AirflowFailException

from include.deployment import compilers, parameters
from include.deployment.run_date import run_date
from include.deployment.settings import settings
from plugins import run_alerts
from plugins.checkpoint_operator import CheckpointOperator
from plugins.dag_page import page_of
from plugins.job_arguments import job_arguments, made
from plugins.run_deadline import SinceQueued
from plugins.spark_job_operator import SparkJobOperator
from spark_jobs.contract import LogContract
from spark_jobs.shared import loads

RUN_DATE = "{{ run_date(dag_run) }}"
REJECTED_RECORDS, SESSIONS = "rejected_records", "sessions"
# Java's compilers, by the size of the input.
JAVA = {compilers.SETTING: "{{ java_options(ti.xcom_pull('check_input')['text_bytes']) }}"}
# Not `@daily`, whose interval is empty in Airflow 3: a run is for the day that has just ended.
FINISHED_DAY = CronDataIntervalTimetable("0 0 * * *", timezone="UTC")


class LogDag:
    """The DAG of a log: its name is the DAG's id, and what Airflow does with a run is the same for every log.

    `published`: the tables of answers that are assets, as events and sessions are. An asset is an event of the task
    `publish`, on which other DAGs can be scheduled.
    """

    def __init__(self, contract: LogContract, published: Sequence[str]) -> None:
        self.name, self.contract, self.settings = contract.name, contract, settings()
        tables = (contract.events.name, SESSIONS, *published)
        # Without a URI: Airflow refuses an asset that it knows under another one, which a moved lake would give it.
        self.assets = [Asset(name=f"{contract.name}.{table}") for table in tables]

    def dag(self, doc_md: str | None) -> Callable[..., Any]:
        """Return the decorator of the function that puts the tasks in order; `doc_md` says what is the log's own."""
        return dag(
            dag_id=self.name,
            schedule=FINISHED_DAY,
            # For an earlier one Airflow makes a run without tasks, which succeeds.
            start_date=datetime(2002, 1, 1, tzinfo=UTC),
            catchup=False,
            max_active_runs=1,
            dagrun_timeout=timedelta(hours=6),
            params={name: Param(**schema) for name, schema in parameters.schemas(self.name).items()},
            default_args={
                "owner": self.name,
                "retries": 3,
                "retry_delay": timedelta(seconds=30),
                "retry_exponential_backoff": 2,
                "max_retry_delay": timedelta(minutes=10),
                "execution_timeout": timedelta(hours=2),
                "on_failure_callback": run_alerts.task_failed,
            },
            on_failure_callback=run_alerts.run_failed,
            deadline=DeadlineAlert(
                reference=SinceQueued(),
                interval=timedelta(minutes=self.settings.run_deadline_minutes),
                callback=AsyncCallback(run_alerts.run_late),
            ),
            user_defined_macros={"run_date": run_date, "java_options": compilers.java_options},
            tags=[self.name, "spark", "great-expectations"],
            doc_md=page_of(doc_md),
        )

    def spark_job(self, job: str) -> SparkJobOperator:
        """Return the task that submits a job of `spark_jobs`, with the command line that its stage has."""
        given = job_arguments(self.contract, job, self.settings.input_root)
        given = {"lake": self.settings.lake_root, "log": self.name, "run_date": RUN_DATE, **given}
        command_line = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", value)]
        return SparkJobOperator(
            task_id=job,
            job=job,
            lake=self.settings.lake(self.name),
            run_date=RUN_DATE,
            application_args=command_line,
            conf=JAVA,
            name=f"{job} {RUN_DATE}",
        )

    def checkpoint(self, table: str, *also: str) -> CheckpointOperator:
        """Return the task that checks a table, and looks at `also` for that; a check of sessions or answers at events.

        The check of events looks at all other kinds of records and at the rejected ones, and is told the least quality
        score.
        """
        events = self.contract.events.name
        others = (*(records.name for records in self.contract.others), REJECTED_RECORDS)
        looked_at = (table, *also, *(others if table == events else (events,)))
        facts = {"minimum_quality_score": "{{ params.minimum_quality_score }}"} if table == events else {}
        return CheckpointOperator(
            task_id=f"check_{table}",
            snapshots={name: made(self.contract, name) for name in looked_at},
            facts=facts,
            conf=JAVA,
            lake=self.settings.lake(self.name),
            run_date=RUN_DATE,
        )

    def check_input(self) -> Any:
        """Return the task that fails within seconds where there is nothing to read, or nowhere to write."""
        return check_input()  # type: ignore[call-arg]  # Airflow fills in what it asks of the context.

    def publish(self) -> Any:
        """Return the task that lets readers see what this run has made, all of it checked."""
        return publish.override(outlets=self.assets)()  # type: ignore[call-arg]

    def report(self) -> Any:
        """Return the task that writes the report of what is published for the run's date."""
        return report()  # type: ignore[call-arg]

    def release_lock(self) -> Any:
        """Return the task that lets other runs write the log, whatever has failed: the run has failed all the same."""
        return release_lock().as_teardown()  # type: ignore[call-arg]


@task(execution_timeout=timedelta(minutes=5))
def check_input(params: dict[str, Any], dag_run: Any, dag: Any) -> dict[str, Any]:
    """Fail now, with a word on what to do, rather than after Spark has started; take the lock of the log.

    Where another run has the lock, Airflow tries again.
    """
    from include.runs import daily_base, input_check, run_lock
    from spark_jobs.shared.errors import DataError

    places, day, is_daily = settings(), run_date(dag_run), params["load"] == loads.DAILY
    lake, root = places.lake(dag.dag_id), places.input_root
    try:
        files = input_check.check_input(params["input_path"], root, lake, day, may_be_empty=is_daily)
        run_lock.take(lake, dag_run.run_id)
        if is_daily:
            daily_base.check_base(lake, day)
    except DataError as error:
        raise AirflowFailException(str(error)) from None
    # The answers look at their own files themselves: no fault of these stops a run here.
    own = [one.name for one in lake.contract.parameters if one.kind == "path"]
    paths = {name: input_check.absolute(params[name], root, day) if params[name] else "" for name in own}
    return {**files.to_xcom(), "listed": input_check.keep_listing(files, lake, day), "paths": paths}


@task(execution_timeout=timedelta(minutes=15))
def publish(dag_run: Any, dag: Any, ti: Any) -> None:
    """Let readers see exactly the snapshots that the stages of this run have made, all of them checked."""
    from include.runs import run_lock
    from include.runs.publishing import publish_run
    from spark_jobs.shared.errors import DataError

    lake = settings().lake(dag.dag_id)
    snapshots: dict[str, int] = {}
    for stage in lake.contract.stages:
        snapshots |= ti.xcom_pull(task_ids=stage)["snapshots"]
    try:
        run_lock.take(lake, dag_run.run_id)
        publish_run(lake, run_date(dag_run), dag_run.run_id, snapshots)
    except DataError as error:
        raise AirflowFailException(str(error)) from None


@task(execution_timeout=timedelta(minutes=15), on_success_callback=run_alerts.report_made)
def report(params: dict[str, Any], dag_run: Any, dag: Any, ti: Any) -> str:
    """Write the report of what is published for the run's date, and return its directory."""
    from include.report.build import build_report
    from include.telemetry.metrics import report_measurements, send
    from plugins.stage_clock import XCOM_KEY
    from spark_jobs.shared.errors import DataError

    stages = [stage for stage in dag.task_ids if stage not in (ti.task_id, "release_lock")]
    seconds = {stage: ti.xcom_pull(task_ids=stage, key=XCOM_KEY) for stage in stages}
    lake = settings().lake(dag.dag_id)
    try:
        directory = build_report(lake, run_date(dag_run), dict(params), seconds)
    except DataError as error:
        raise AirflowFailException(str(error)) from None
    send(report_measurements(lake, run_date(dag_run)), lake.log)
    return directory


@task(execution_timeout=timedelta(minutes=5))
def release_lock(dag_run: Any, dag: Any) -> None:
    """Let other runs write the log."""
    from include.runs import run_lock

    run_lock.release(settings().lake(dag.dag_id), dag_run.run_id)
