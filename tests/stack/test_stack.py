"""The services of the Compose file as processes: runs of the scheduler and of the REST API, faults, and the end."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.services import answer_of
from include.deployment.local_spark import EMBEDDED
from include.sample_data.listening import generate_log
from spark_jobs.shared.lake import Lake
from tests.commands import started
from tests.conftest import PROJECT, QUICK_JVM
from tests.stack.running import RunningStack, lives, open_directory, running_stack, wait_for

pytestmark = pytest.mark.stack

STAGES = ("data_quality", "session_analysis", "ranking")
FIRST, SECOND = date(2009, 5, 5), date(2009, 5, 6)


@dataclass
class Story:
    """The observations while the stack was up, and after its end."""

    answers: dict[str, bytes] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: dict[str, dict[str, int]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    health: list[subprocess.CompletedProcess[str]] = field(default_factory=list)
    listening: set[str] = field(default_factory=set)
    history: list[str] = field(default_factory=list)
    exit_code: int | None = None
    left: list[psutil.Process] = field(default_factory=list)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with open_directory() as scratch:
        (scratch / "input").mkdir()
        size = ("--listens", "20000", "--users", "40", "--seed", "7")
        generate_log.main([str(scratch / "input" / "log.tsv"), *size, "--newest", f"{FIRST}T22:00:00Z"])
        yield scratch


@pytest.fixture(scope="module")
def expected(scratch: Path) -> bytes:
    """The answer of `airflow dags test` with an embedded Spark, on SQLite."""
    lake = Lake(str(scratch / "embedded"), "listening")
    extra = {**EMBEDDED["extra"], "spark.driver.extraJavaOptions": QUICK_JVM}
    given = {
        "INPUT": str(scratch / "input" / "log.tsv"),
        "RUN_DATE": str(FIRST),
        "LAKE": lake.root,
        "PIPELINE_AIRFLOW_HOME": str(scratch / "airflow"),
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({**EMBEDDED, "extra": extra}),
    }
    command = started("cli run", **given)
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return answer(lake, FIRST)


@pytest.fixture(scope="module")
def story(scratch: Path) -> Story:
    """Three runs in a row on one stack: the scheduler's own, one with nine faults, one without."""
    story = Story()
    with running_stack(scratch) as stack:
        story.states = stack.states()
        story.listening = listening(stack)
        stack.unpause()
        runs = {
            "scheduled": stack.scheduled_run(),
            "hurt": stack.trigger(str(FIRST)),
            "unhurt": stack.trigger(str(SECOND)),
        }
        hurt(stack, FIRST)
        for name, run in runs.items():
            story.runs[name] = stack.end_of(run)
            story.tries[name] = stack.tries(run)
        wait_for(lambda: set(stack.states().values()) == {"healthy"})
        story.health.append(health(stack))
        yesterday = datetime.fromisoformat(story.runs["scheduled"]["logical_date"]).date()
        days = {"scheduled": yesterday, "hurt": FIRST, "unhurt": SECOND}
        story.answers = {name: answer(stack.lake, day) for name, day in days.items()}
        story.history = applications(stack)
        everything = stack.processes()
        story.exit_code = stack.stop()
        story.left = list(filter(lives, everything)) + stack.processes()
        story.health.append(health(stack))
    return story


def hurt(stack: RunningStack, day: date) -> None:
    """Kill the scheduler and, a try later, a Spark worker in each stage; the driver in one.

    Each of these hits a try of its own. In the last one Spark's master and the database are killed, too.
    """
    seen: set[int] = set()
    for stage in STAGES:
        wait_for_next_try(stack, stage, day, seen)
        kill(stack.service("scheduler"))
        wait_for_next_try(stack, stage, day, seen)
        if stage == "session_analysis":
            kill(stack.one("org.apache.spark.sql.connect.service.SparkConnectServer", "--class"))
            wait_for_next_try(stack, stage, day, seen)
        kill(stack.one("org.apache.spark.deploy.worker.Worker"))
    kill(stack.one("org.apache.spark.deploy.master.Master"))
    kill(stack.service("postgres"))


def wait_for_next_try(stack: RunningStack, stage: str, day: date, seen: set[int]) -> None:
    """Wait until the client of a stage that has not been `seen` has Spark work for it; it is, then."""
    words = ("org.apache.spark.deploy.SparkSubmit", f"{stage}/job.py", str(day))
    client = wait_for(lambda: stack.one(*words, but=seen), 900)
    seen.add(client.pid)
    wait_for(lambda: stack.spark_works() or not lives(client))


def kill(process: psutil.Process | None) -> None:
    assert process is not None
    process.send_signal(signal.SIGKILL)


def answer(lake: Lake, day: date) -> bytes:
    return (Path(lake.report(day)) / "top_songs.tsv").read_bytes()


def listening(stack: RunningStack) -> set[str]:
    """The addresses on which anything of the stack can be reached."""
    found = set()
    for process in stack.processes():
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                found.add(connection.laddr.ip.removeprefix("::ffff:"))
    return found


def applications(stack: RunningStack) -> list[str]:
    found = answer_of(stack.settings.spark_history_port, "/api/v1/applications?limit=100") or []
    return [application["name"] for application in found]


def health(stack: RunningStack) -> subprocess.CompletedProcess[str]:
    command = started("cli health", ENV=str(stack.settings_file))
    environment = command.pop("env") | {"PIPELINE_AIRFLOW_HOME": "/none"}
    return subprocess.run(**command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_three_runs_answer_as_a_local_run(story: Story, expected: bytes) -> None:
    assert {name: run["state"] for name, run in story.runs.items()} == dict.fromkeys(story.runs, "success")
    assert {name: run["run_type"] for name, run in story.runs.items()} == {
        "scheduled": "scheduled",
        "hurt": "manual",
        "unhurt": "manual",
    }
    assert len(expected.splitlines()) == 11
    assert story.answers == {"scheduled": expected, "hurt": expected, "unhurt": expected}


def test_the_runs_came_one_after_the_other(story: Story) -> None:
    times = [story.runs[name] for name in ("scheduled", "hurt", "unhurt")]
    for before, after in pairwise(times):
        assert before["end_date"] <= after["start_date"]


def test_killed_server_or_scheduler_costs_one_try(story: Story) -> None:
    more = {name: {task: tries for task, tries in of.items() if tries != 1} for name, of in story.tries.items()}
    # One more where the database is away in the moment in which the job asks its catalog there.
    assert more["hurt"].pop("ranking") in (2, 3)
    assert more == {"scheduled": {}, "hurt": {"data_quality": 2, "session_analysis": 3}, "unhurt": {}}


def test_one_command_says_every_part_is_healthy(story: Story) -> None:
    parts = [
        *("api-server", "postgres", "scheduler", "triggerer", "dag-processor"),
        *("spark-master", "spark-worker", "spark-connect", "spark-history"),
    ]
    assert story.states == dict.fromkeys(parts, "healthy")
    up, down = story.health
    no_ui, *of_stack = up.stdout.splitlines()
    assert (up.returncode, of_stack) == (0, ["The stack runs:", *(f"{part:<16}healthy" for part in story.states)])
    assert no_ui == "make ui does not run: make ui starts it."
    assert down.returncode == 1
    assert "The stack does not run: no answer at http://127.0.0.1:" in down.stdout


def test_nothing_listens_but_on_loopback(story: Story) -> None:
    assert story.listening == {"127.0.0.1"}


def test_history_has_each_spark_server(story: Story) -> None:
    # The one that was killed, and its successor.
    assert story.history == ["spark-connect"] * 2


def test_ctrl_c_leaves_no_process(story: Story) -> None:
    assert story.exit_code == 0
    assert story.left == []
