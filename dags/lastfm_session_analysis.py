"""
# The top songs of the longest listening sessions

Every day, from the listening log: which songs were played most in the longest listening sessions, and the proof
that the data behind the answer was good.

**When it fails**, nothing after the failed task runs and every report made before stands. Open the failed task's log:
its last error says what was found, what is allowed and what to do. A failed check is also a page of the Data Docs:
**Top songs** in the navigation leads there. What time may mend (a lost machine, a full disk) was tried again three
times by then; a bad parameter, a missing input and a failed check are not tried again. Once the cause is gone, clear
the failed task: the run goes on from there. Once the input is mended, run the date again.

**When it is degraded**, it has finished and its answer is published, but not all that was expected of the data held:
the run's note, the report and the alert say what. `docs/data_quality.md` says what each check means.

**The answer** is the tab **Report** of its run; **Top songs** in the navigation has all run dates.

**A rerun** of a date replaces that date's partition in every dataset and touches no other date.

| task | what it makes |
| --- | --- |
| `check_input` | the list of files to read; it fails in seconds when there is nothing to read, or nowhere to write |
| `data_quality` | `listens` and `rejected_listens`: every line is kept, or rejected with its reason |
| `check_listens` | the proof: schema, nulls, plausible times, quality score |
| `session_analysis` | `sessions`: a pause longer than the gap opens a new one |
| `check_sessions` | the proof: unique, in order, together all the listens |
| `ranking` | `top_sessions`, `top_songs`, `chosen_…`; `alternative_songs` and `listeners` where asked for |
| `check_top_songs` | the proof: ranks without holes, plays in order |
| `report` | `reports/run_date=…/`: `top_songs.tsv`, `report.html`, `report.json`, `report.md` |
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert
from airflow.sdk.exceptions import AirflowFailException

from include import compilers, parameters
from include.run_date import run_date
from include.settings import settings
from plugins import run_alerts
from plugins.checkpoint_operator import CheckpointOperator
from plugins.run_deadline import SinceQueued
from plugins.spark_job_operator import SparkJobOperator
from spark_jobs.shared import lake, lineage

SETTINGS = settings()
INPUT_ROOT = str(SETTINGS.input_root)
# For an earlier one Airflow makes a run without tasks, which succeeds.
FIRST_RUN_DATE = datetime(2002, 1, 1, tzinfo=UTC)
RUN_DATE = "{{ run_date(dag_run) }}"
JAVA = {compilers.SETTING: "{{ java_options(ti.xcom_pull('check_input')['text_bytes']) }}"}


def asset(dataset: str) -> Asset:
    """A dataset that other DAGs can be scheduled on: its event says that a checked partition is there."""
    # No URI: Airflow refuses an asset it knows under another one, which a lake that was moved would give it.
    return Asset(name=f"lastfm_{dataset}")


def spark_job(job: str, **arguments: Any) -> SparkJobOperator:
    """The task that submits a job of `spark_jobs`, with its command line."""
    arguments = {"lake": SETTINGS.lake.root, "run_date": RUN_DATE, **arguments}
    command_line = [part for name, value in arguments.items() for part in (f"--{name.replace('_', '-')}", value)]
    return SparkJobOperator(
        task_id=job,
        job=job,
        lake=SETTINGS.lake,
        run_date=RUN_DATE,
        application_args=command_line,
        conf=JAVA,
        name=f"{job} {RUN_DATE}",
    )


def checkpoint(dataset: str, publishes: str | None = None, **facts: str) -> CheckpointOperator:
    """The task that checks a dataset, and tells other DAGs of the one it `publishes`."""
    return CheckpointOperator(
        task_id=f"check_{dataset}",
        tables=f"include.checks.{dataset}",
        facts=facts,
        config_kwargs=JAVA,
        lake=SETTINGS.lake,
        run_date=RUN_DATE,
        outlets=[asset(publishes)] if publishes else [],
    )


@task(execution_timeout=timedelta(minutes=5))
def check_input(params: dict[str, Any], dag_run: Any) -> dict[str, Any]:
    """Fail now, with a word on what to do, rather than after Spark has started."""
    from include import base_check, input_check

    day, is_daily = run_date(dag_run), params["load"] == lineage.DAILY
    try:
        found = input_check.check_input(
            params["input_path"], SETTINGS.input_root, SETTINGS.lake, day, may_be_empty=is_daily
        )
        if is_daily:
            base_check.check_base(SETTINGS.lake, day)
    except input_check.InputError as error:
        raise AirflowFailException(str(error)) from None
    listed = {"listed": input_check.keep_listing(found, SETTINGS.lake, day)}
    return found.to_xcom() | listed | input_check.check_profiles(params["profiles_path"], SETTINGS.input_root, day)


@task(
    outlets=[asset(lake.TOP_SESSIONS), asset(lake.TOP_SONGS)],
    execution_timeout=timedelta(minutes=15),
    on_success_callback=run_alerts.report_made,
)
def report(params: dict[str, Any], dag_run: Any, dag: Any, ti: Any) -> str:
    """Write the run's report and return its directory."""
    from include.metrics import answer_figures, send
    from include.report.build import build_report
    from plugins.stage_clock import XCOM_KEY
    from spark_jobs.shared.errors import DataError

    seconds = {stage: ti.xcom_pull(task_ids=stage, key=XCOM_KEY) for stage in dag.task_ids if stage != ti.task_id}
    try:
        directory = build_report(SETTINGS.lake, run_date(dag_run), dict(params), seconds)
    except DataError as error:
        raise AirflowFailException(str(error)) from None
    send(answer_figures(SETTINGS.lake, run_date(dag_run)))
    return directory


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=FIRST_RUN_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    params={name: Param(**schema) for name, schema in parameters.schemas().items()},
    default_args={
        "owner": "listening",
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
        interval=timedelta(minutes=SETTINGS.run_deadline_minutes),
        callback=AsyncCallback(run_alerts.run_late),
    ),
    user_defined_macros={"run_date": run_date, "java_options": compilers.java_options},
    tags=["lastfm", "listening", "spark", "great-expectations"],
    doc_md=__doc__,
)
def lastfm_session_analysis() -> None:
    """Build, check, publish: each stage's checkpoint stands before the next stage."""
    # Airflow fills in what the two ask of the context.
    checked_input: Any = check_input()  # type: ignore[call-arg]
    (
        checked_input
        >> spark_job(
            "data_quality",
            input=checked_input["input_path"],
            input_root=INPUT_ROOT,
            listed=checked_input["listed"],
            load="{{ params.load }}",
            fold_after=str(SETTINGS.fold_after),
        )
        >> checkpoint("listens", lake.LISTENS, minimum_quality_score="{{ params.minimum_quality_score }}")
        >> spark_job("session_analysis", session_gap_minutes="{{ params.session_gap_minutes | int }}")
        >> checkpoint("sessions", lake.SESSIONS)
        >> spark_job(
            "ranking",
            top_sessions="{{ params.top_sessions | int }}",
            top_songs="{{ params.top_songs | int }}",
            session_gap_minutes="{{ params.session_gap_minutes | int }}",
            window_days="{{ params.window_days | int if params.window_days else '' }}",
            alternatives="{{ 'yes' if params.alternatives else 'no' }}",
            # As templates: an argument that is a task's output would draw an edge past the chain.
            profiles="{{ ti.xcom_pull('check_input')['profiles'] }}",
            profiles_problem="{{ ti.xcom_pull('check_input')['profiles_problem'] }}",
            input_root=INPUT_ROOT,
        )
        >> checkpoint("top_songs")
        >> report()  # type: ignore[call-arg]
    )


lastfm_session_analysis()
