"""
# The top songs of the longest listening sessions

Every day, from the listening log: which songs were played most in the longest listening sessions, and the proof
that the data behind the answer was good.

**When it fails**, nothing after the failed task runs and every report made before stands. Open the failed task's log:
its last error says what was found, what is allowed and what to do. A failed check is also a page of the Data Docs:
**Top songs** in the navigation leads there. Airflow has tried three times more what time may mend: a lost machine, a
full disk, a log that another run held. It does not try a bad parameter, a missing input or a failed check again. Once
the cause is gone, clear the failed task: the run goes on from there. Once the input is mended, run the date again.

**When it is degraded**, it has finished and its answer is published, but not all that was expected of the data held:
the run's note, the report and the alert say what. `docs/data_quality.md` says what each check means.

**The answer** is the tab **Report** of its run; **Top songs** in the navigation has all run dates.

**A rerun** of a date makes new snapshots of every table, and what is published of that date becomes those once all
checks have passed. It touches no other date.

| task | what it makes |
| --- | --- |
| `check_input` | the list of files to read; it fails in seconds when there is nothing to read, or nowhere to write |
| `data_quality` | `listens` and `rejected_records`: every line is kept, or rejected with its reason |
| `check_listens` | the proof: schema, nulls, plausible times, quality score |
| `session_analysis` | `sessions`: a pause longer than the gap opens a new one |
| `check_sessions` | the proof: unique, in order, together all the listens |
| `ranking` | `top_sessions`, `top_songs`, `chosen_…`; `alternative_songs` and `listeners` where asked for |
| `check_top_songs` | the proof: ranks without holes, plays in order |
| `publish` | nothing new: readers see the snapshots that were checked, under the tag of the run date |
| `report` | `listening/reports/run_date=…/`: `top_songs.tsv`, `report.html`, `report.json`, `report.md` |
| `release_lock` | the end: from then on another run may write the log; it runs after a failure, too |
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert
from airflow.sdk.exceptions import AirflowFailException

from include import compilers, parameters
from include.records import STAGES
from include.run_date import run_date
from include.settings import settings
from plugins import run_alerts
from plugins.checkpoint_operator import CheckpointOperator
from plugins.run_deadline import SinceQueued
from plugins.spark_job_operator import SparkJobOperator
from spark_jobs.shared import loads
from spark_jobs.shared.lake import LOG

SETTINGS = settings()
INPUT_ROOT = SETTINGS.input_root
# For an earlier one Airflow makes a run without tasks, which succeeds.
FIRST_RUN_DATE = datetime(2002, 1, 1, tzinfo=UTC)
RUN_DATE = "{{ run_date(dag_run) }}"
JAVA = {compilers.SETTING: "{{ java_options(ti.xcom_pull('check_input')['text_bytes']) }}"}


# Other DAGs can be scheduled on these: an event says that a run is published. They have no URI: Airflow refuses an
# asset that it knows under another one, which a lake that was moved would give it.
ASSETS = [Asset(name=f"{LOG}.{table}") for table in ("listens", "sessions", "top_sessions", "top_songs")]


def snapshot(stage: str, table: str) -> str:
    """The snapshot of a table that a stage of this run has made."""
    return f"{{{{ ti.xcom_pull('{stage}')['snapshots']['{table}'] }}}}"


LISTENS, REJECTED = snapshot("data_quality", "listens"), snapshot("data_quality", "rejected_records")
SESSIONS = snapshot("session_analysis", "sessions")


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


def checkpoint(table: str, snapshots: dict[str, str], **facts: str) -> CheckpointOperator:
    """The task that checks a table; `snapshots` are those it looks at, by table."""
    return CheckpointOperator(
        task_id=f"check_{table}",
        tables=f"include.checks.{table}",
        snapshots=snapshots,
        facts=facts,
        conf=JAVA,
        lake=SETTINGS.lake,
        run_date=RUN_DATE,
    )


@task(execution_timeout=timedelta(minutes=5))
def check_input(params: dict[str, Any], dag_run: Any) -> dict[str, Any]:
    """Fail now, with a word on what to do, rather than after Spark has started; take the lock of the log.

    Where another run has the lock, Airflow tries again.
    """
    from include import daily_base, input_check, run_lock
    from spark_jobs.shared.errors import DataError

    day, is_daily = run_date(dag_run), params["load"] == loads.DAILY
    try:
        found = input_check.check_input(params["input_path"], INPUT_ROOT, SETTINGS.lake, day, may_be_empty=is_daily)
        run_lock.take(SETTINGS.lake, dag_run.run_id)
        if is_daily:
            daily_base.check_base(SETTINGS.lake, day)
    except DataError as error:
        raise AirflowFailException(str(error)) from None
    listed, profiles = input_check.keep_listing(found, SETTINGS.lake, day), params["profiles_path"]
    # `ranking` looks at the profiles itself: no fault of theirs stops a run.
    profiles = input_check.absolute(profiles, INPUT_ROOT, day) if profiles else ""
    return {**found.to_xcom(), "listed": listed, "profiles": profiles}


@task(outlets=ASSETS, execution_timeout=timedelta(minutes=15))
def publish(dag_run: Any, ti: Any) -> None:
    """Let readers see exactly the snapshots that the stages of this run have made, all of them checked."""
    from include import run_lock
    from include.publishing import publish_run
    from spark_jobs.shared.errors import DataError

    made: dict[str, int] = {}
    for stage in STAGES:
        made |= ti.xcom_pull(task_ids=stage)["snapshots"]
    day = run_date(dag_run)
    try:
        run_lock.take(SETTINGS.lake, dag_run.run_id)
        publish_run(SETTINGS.lake, day, dag_run.run_id, made)
    except DataError as error:
        raise AirflowFailException(str(error)) from None


@task(execution_timeout=timedelta(minutes=15), on_success_callback=run_alerts.report_made)
def report(params: dict[str, Any], dag_run: Any, dag: Any, ti: Any) -> str:
    """Write the report of what is published for the run's date, and return its directory."""
    from include.metrics import answer_figures, send
    from include.report.build import build_report
    from plugins.stage_clock import XCOM_KEY
    from spark_jobs.shared.errors import DataError

    stages = [stage for stage in dag.task_ids if stage not in (ti.task_id, "release_lock")]
    seconds = {stage: ti.xcom_pull(task_ids=stage, key=XCOM_KEY) for stage in stages}
    try:
        directory = build_report(SETTINGS.lake, run_date(dag_run), dict(params), seconds)
    except DataError as error:
        raise AirflowFailException(str(error)) from None
    send(answer_figures(SETTINGS.lake, run_date(dag_run)))
    return directory


@task(execution_timeout=timedelta(minutes=5))
def release_lock(dag_run: Any) -> None:
    """Let other runs write the log."""
    from include import run_lock

    run_lock.release(SETTINGS.lake, dag_run.run_id)


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
    tags=["listening", "spark", "great-expectations"],
    doc_md=__doc__,
)
def listening() -> None:
    """Build, check, publish: each stage's checkpoint stands before the next stage, and all of them before readers."""
    # Airflow fills in what these ask of the context.
    checked_input: Any = check_input()  # type: ignore[call-arg]
    (
        checked_input
        >> spark_job(
            "data_quality",
            input=checked_input["input_path"],
            input_root=INPUT_ROOT,
            listed=checked_input["listed"],
            load="{{ params.load }}",
        )
        >> checkpoint(
            "listens",
            {"listens": LISTENS, "rejected_records": REJECTED},
            minimum_quality_score="{{ params.minimum_quality_score }}",
        )
        >> spark_job("session_analysis", listens=LISTENS, session_gap_minutes="{{ params.session_gap_minutes | int }}")
        >> checkpoint("sessions", {"sessions": SESSIONS, "listens": LISTENS})
        >> spark_job(
            "ranking",
            listens=LISTENS,
            sessions=SESSIONS,
            top_sessions="{{ params.top_sessions | int }}",
            top_songs="{{ params.top_songs | int }}",
            session_gap_minutes="{{ params.session_gap_minutes | int }}",
            window_days="{{ params.window_days | int if params.window_days else '' }}",
            alternatives="{{ 'yes' if params.alternatives else 'no' }}",
            # As templates: an argument that is a task's output would draw an edge past the chain.
            profiles="{{ ti.xcom_pull('check_input')['profiles'] }}",
            input_root=INPUT_ROOT,
        )
        >> checkpoint(
            "top_songs",
            {table: snapshot("ranking", table) for table in ("top_songs", "top_sessions")} | {"listens": LISTENS},
        )
        >> publish()  # type: ignore[call-arg]
        >> report()  # type: ignore[call-arg]
        # A teardown runs whatever has failed, and the run has failed all the same.
        >> release_lock().as_teardown()  # type: ignore[call-arg]
    )


listening()
