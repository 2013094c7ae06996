from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.deployment.compilers import ONE_COMPILER
from include.deployment.parameters import schemas
from include.deployment.run_date import run_date
from include.runs import input_check
from spark_jobs.lake.errors import LockedError
from spark_jobs.logs.contracts import CONTRACTS
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.errors import InputError
from tests.conftest import PROJECT

CHAIN = [
    "check_input",
    "data_quality",
    "check_listens",
    "session_analysis",
    "check_sessions",
    "ranking",
    "check_top_songs",
    "publish",
    "report",
    "release_lock",
]


@pytest.fixture(scope="module")
def dag_bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(PROJECT / "dags"))


@pytest.fixture(scope="module")
def dag(dag_bag: Any) -> Any:
    return dag_bag.dags["listening"]


START = """
from airflow.dag_processing.dagbag import DagBag
print(DagBag(dag_folder="dags").dags["listening"].start_date.isoformat())
"""


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_default_time_zone_moves_no_first_run_date(zone: str) -> None:
    environment = {**os.environ, "AIRFLOW__CORE__DEFAULT_TIMEZONE": zone, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", START]
    said = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "2002-01-01T00:00:00+00:00"


def test_every_dag_file_can_be_imported(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {*CONTRACTS, "lake_maintenance"}


def test_tasks_form_one_chain_with_checks_between_stages(dag: Any) -> None:
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        task: set(CHAIN[position + 1 : position + 2]) for position, task in enumerate(CHAIN)
    }


def test_no_task_can_hide_the_failure_of_another(dag: Any) -> None:
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    assert rules.pop("release_lock") == "all_done_setup_success"
    assert set(rules.values()) == {"all_success"}
    # The end of the run, whose state is that of the task before.
    assert [task.task_id for task in dag.tasks if task.is_teardown] == ["release_lock"]
    assert not dag.get_task("release_lock").on_failure_fail_dagrun
    assert not any(task.is_setup for task in dag.tasks)


def test_the_three_jobs_are_submitted_through_the_connection(dag: Any) -> None:
    from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

    submitted = {task.task_id: task for task in dag.tasks if isinstance(task, SparkSubmitOperator)}
    assert set(submitted) == {"data_quality", "session_analysis", "ranking"}
    assert {task._conn_id for task in submitted.values()} == {"spark_default"}
    judging = submitted["data_quality"].application_args
    assert judging[-2:] == ["--load", "{{ params.load }}"]
    arguments = submitted["ranking"].application_args
    told = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert list(told) == [
        "--lake",
        "--log",
        "--run-date",
        "--listens",
        "--sessions",
        "--session-gap-minutes",
        "--top-sessions",
        "--top-songs",
        "--window-days",
        "--alternatives",
        "--profiles",
        "--input-root",
    ]
    assert list(told.values())[1:-1] == [
        "listening",
        "{{ run_date(dag_run) }}",
        "{{ ti.xcom_pull('data_quality')['snapshots']['listens'] }}",
        "{{ ti.xcom_pull('session_analysis')['snapshots']['sessions'] }}",
        "{{ params.session_gap_minutes | int }}",
        "{{ params.top_sessions | int }}",
        "{{ params.top_songs | int }}",
        "{{ params.window_days | int if params.window_days else '' }}",
        "{{ 'yes' if params.alternatives else 'no' }}",
        "{{ ti.xcom_pull('check_input')['paths']['profiles_path'] }}",
    ]


@pytest.mark.parametrize("job", LISTENING.stages)
def test_each_job_reads_its_command_line(dag: Any, job: str) -> None:
    left = {
        "check_input": {"input_path": "/logs/day.tsv", "listed": "/lake/files.json", "paths": {"profiles_path": ""}}
    }
    left |= {stage: {"snapshots": defaultdict(lambda: 7)} for stage in LISTENING.stages}
    facts = {
        "ti": SimpleNamespace(xcom_pull=left.get),
        "params": {name: schema["default"] for name, schema in schemas("listening").items()},
        "dag_run": SimpleNamespace(logical_date=pendulum.datetime(2009, 5, 4), run_after=None),
        **dag.user_defined_macros,
    }
    words = [dag.get_template_env().from_string(word).render(facts) for word in dag.get_task(job).application_args]
    read = import_module(f"spark_jobs.{job}.job").parse_args(words)
    assert (read.lake.log, read.run_date) == ("listening", date(2009, 5, 4))


@pytest.mark.parametrize(("days", "told"), [(None, ""), (7, "7"), (7.0, "7")])
def test_ranking_gets_whole_window_days_or_none(dag: Any, days: float | None, told: str) -> None:
    arguments = dag.get_task("ranking").application_args
    template = arguments[arguments.index("--window-days") + 1]
    assert dag.get_template_env().from_string(template).render(params={"window_days": days}) == told


@pytest.mark.parametrize(("size", "options"), [(10_000, ONE_COMPILER), (10**9, "")])
def test_size_of_input_decides_sparks_java_compilers(dag: Any, size: int, options: str) -> None:
    settings = [task.conf for task in dag.tasks[1:-3]]
    found_by = {"check_input": {"text_bytes": size}}
    rendered = dag.get_template_env().from_string(settings[0]["spark.driver.defaultJavaOptions"])
    assert [list(setting) for setting in settings] == [["spark.driver.defaultJavaOptions"]] * 6
    assert settings == [settings[0]] * 6
    assert rendered.render(ti=SimpleNamespace(xcom_pull=found_by.get), **dag.user_defined_macros) == options


def test_one_run_a_day_covers_the_finished_day(dag: Any) -> None:
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    noon = pendulum.datetime(2026, 1, 2, 12)
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.interval import CronDataIntervalTimetable

    assert type(dag.timetable).__name__ == "CronDataIntervalTimetable"
    # The scheduler's own timetable is made from what the DAG's author wrote.
    timetable = CronDataIntervalTimetable(dag.timetable.expression, dag.timetable.timezone)
    restriction = TimeRestriction(earliest=noon.subtract(days=3), latest=None, catchup=True)
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert first.run_after == pendulum.datetime(2026, 1, 1)
    scheduled = SimpleNamespace(logical_date=first.logical_date, run_after=first.run_after)
    assert run_date(scheduled) == date(2025, 12, 31)


def test_tasks_are_retried_and_have_time_limits(dag: Any) -> None:
    for task in dag.tasks:
        assert task.retries == 3
        assert (task.retry_delay, task.retry_exponential_backoff) == (timedelta(seconds=30), 2)
        assert task.execution_timeout <= timedelta(hours=2)
    assert dag.dagrun_timeout == timedelta(hours=6)


@pytest.mark.parametrize(
    ("refusal", "raised"), [(LockedError("held"), LockedError), (InputError("no file"), AirflowFailException)]
)
def test_start_is_tried_again_while_log_is_held(
    dag: Any, monkeypatch: pytest.MonkeyPatch, refusal: Exception, raised: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(input_check, "check_input", refuse)
    start = dag.get_task("check_input").python_callable
    run = SimpleNamespace(logical_date=pendulum.datetime(2009, 5, 4), run_id="manual__1")
    with pytest.raises(raised, match=str(refusal)):
        start(
            {"load": "full", "input_path": "log.tsv", "profiles_path": None}, run, SimpleNamespace(dag_id="listening")
        )


def test_form_describes_and_bounds_every_parameter(dag: Any) -> None:
    for name, schema in schemas("listening").items():
        param = dag.params.get_param(name)
        assert (param.value, param.description) == (schema["default"], schema["description"])
        assert {key: param.schema[key] for key in schema if key not in ("default", "description")} == {
            key: value for key, value in schema.items() if key not in ("default", "description")
        }


def test_other_dags_can_wait_for_published_tables(dag: Any) -> None:
    published = {task.task_id: {asset.name for asset in task.outlets} for task in dag.tasks if task.outlets}
    assert published == {
        "publish": {"listening.listens", "listening.sessions", "listening.top_sessions", "listening.top_songs"}
    }


def test_asset_uris_do_not_depend_on_the_lake(dag: Any) -> None:
    # Airflow fails the task of an asset that it knows by the same name under another URI.
    assert {asset.uri for task in dag.tasks for asset in task.outlets} == {
        "listening.listens",
        "listening.sessions",
        "listening.top_sessions",
        "listening.top_songs",
    }


def test_spark_tasks_of_all_dags_share_a_pool(dag_bag: Any) -> None:
    pools = {task.task_id: task.pool for dag in dag_bag.dags.values() for task in dag.tasks}
    starts_spark = {"data_quality", "session_analysis", "maintain", *(log.answers for log in CONTRACTS.values())}
    starts_spark |= {name for name in pools if name.startswith("check_") and name != "check_input"}
    assert {name for name, pool in pools.items() if pool == "spark"} == starts_spark


@pytest.mark.parametrize("log", CONTRACTS)
def test_page_of_a_dag_explains_failures_and_reruns(dag_bag: Any, log: str) -> None:
    page = dag_bag.dags[log].doc_md
    assert page.startswith("\n# ")
    assert [page.count(told) for told in ("| `check_input` |", "**When it fails**", "**A rerun**")] == [1, 1, 1]
    assert set(dag_bag.dags[log].tags) == {log, "spark", "great-expectations"}


def test_failed_degraded_and_late_runs_raise_alerts(dag: Any) -> None:
    from plugins import run_alerts

    for task in dag.tasks:
        assert task.on_failure_callback == [run_alerts.task_failed]
        assert task.on_success_callback == ([run_alerts.report_made] if task.task_id == "report" else [])
    assert dag.on_failure_callback == run_alerts.run_failed
    (deadline,) = dag.deadline
    assert deadline.interval == timedelta(minutes=180)
    assert deadline.callback.path == "plugins.run_alerts.run_late"


def test_parsing_the_dag_does_not_import_apprise() -> None:
    parse = "import sys, runpy; runpy.run_path(sys.argv[1]); assert 'apprise' not in sys.modules"
    subprocess.run([sys.executable, "-c", parse, "dags/listening.py"], cwd=PROJECT, check=True)
