"""A month of run dates by the scheduler, each with a log of its own: a day's schedule, thirty times in a row.

`pytest -m long tests/stack/test_backfill.py`; BACKFILL_DATES=3 for fewer. It leaves the memory in `memory.json`.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from include.sample_data.listening import generate_log
from include.sample_data.listening.answer import beside
from spark_jobs.shared.lake import Lake
from tests.stack.running import DAG, RunningStack, lives, open_directory, running_stack, wait_for

DAG_ID = "listening"

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DATES = [date(2009, 5, 1) + timedelta(days=day) for day in range(int(os.environ.get("BACKFILL_DATES", "30")))]
SERVICES = (
    *("scheduler", "dag-processor", "triggerer", "airflow api_server"),
    *("Master", "worker.Worker", "HistoryServer", "include.deployment.connect_server"),
)
# After so many runs a service has loaded what it needs.
WARM = 5


@dataclass
class Month:
    """The observations: the states of the runs, the answers, and the services' memory in MiB at the end of each run."""

    states: dict[str, int] = field(default_factory=dict)
    answers: dict[date, list[dict[str, str]]] = field(default_factory=dict)
    memory: list[dict[str, float]] = field(default_factory=list)
    spark_left: list[psutil.Process] = field(default_factory=list)
    left: list[psutil.Process] = field(default_factory=list)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with open_directory() as scratch:
        for seed, day in enumerate(DATES):
            log = scratch / "input" / f"log-{day}.tsv"
            size = ("--listens", "2000", "--users", "9", "--seed", str(seed))
            generate_log.main([str(log), *size, "--newest", f"{day}T22:00:00Z"])
        yield scratch


@pytest.fixture(scope="module")
def month(scratch: Path, tmp_path_factory: pytest.TempPathFactory) -> Month:
    month, kept = Month(), tmp_path_factory.mktemp("memory") / "memory.json"
    with running_stack(scratch, PIPELINE_LISTENING_INPUT_PATH="log-{run_date}.tsv") as stack:
        stack.unpause()
        # Yesterday's, which has no log and fails at once.
        stack.end_of(stack.scheduled_run())
        backfill = {"dag_id": DAG_ID, "from_date": f"{DATES[0]}T00:00:00Z", "to_date": f"{DATES[-1]}T00:00:00Z"}
        stack.ask("POST", "/api/v2/backfills", {**backfill, "max_active_runs": 1})
        for number in range(len(DATES)):
            wait_for(lambda number=number: ended(stack) > number, 1800)
            month.memory.append(memory(stack))
            kept.write_text(json.dumps(month.memory))
        for run in runs(stack):
            month.states[run["state"]] = month.states.get(run["state"], 0) + 1
        month.answers = {day: answer(stack.lake, day) for day in DATES}
        month.spark_left = [one for one in stack.processes() if is_of_a_run(one)]
        everything = stack.processes()
        stack.stop()
        month.left = list(filter(lives, everything)) + stack.processes()
    return month


def runs(stack: RunningStack) -> list[dict[str, Any]]:
    return stack.ask("GET", f"{DAG}/dagRuns?run_type=backfill&limit=100")["dag_runs"]


def ended(stack: RunningStack) -> int:
    return sum(run["state"] in ("success", "failed") for run in runs(stack))


def answer(lake: Lake, day: date) -> list[dict[str, str]]:
    with (Path(lake.report(day)) / "top_songs.tsv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def memory(stack: RunningStack) -> dict[str, float]:
    """Return the memory of each service's own process, in MiB."""
    found = dict.fromkeys(SERVICES, 0.0)
    for process in stack.processes():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            for service in SERVICES:
                if service in command and (process.parent() or process).pid == stack.process.pid:
                    found[service] += process.memory_info().rss / 2**20
    return {service: round(mebibytes) for service, mebibytes in found.items()}


def is_of_a_run(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        command = " ".join(process.cmdline())
        return "SparkSubmit" in command and "SparkConnectServer" not in command
    return False


def test_every_run_date_has_its_own_answer(month: Month, scratch: Path) -> None:
    assert month.states == {"success": len(DATES)}
    expected = {}
    for day in DATES:
        facts = json.loads(beside(scratch / "input" / f"log-{day}.tsv").read_bytes())
        expected[day] = [{name: str(value) for name, value in song.items()} for song in facts["top_songs"]]
    assert month.answers == expected


def test_no_process_outlives_its_run_or_the_stack(month: Month) -> None:
    assert month.spark_left == month.left == []


# With BACKFILL_DATES=3, to try the test itself, there is nothing to compare: all services are still loading.
@pytest.mark.skipif(len(DATES) <= WARM, reason=f"{len(DATES)} run dates: growth shows after {WARM}")
def test_no_service_grows_from_run_to_run(month: Month) -> None:
    warm, last = month.memory[WARM - 1], month.memory[-1]
    assert {name for name in SERVICES if last[name] > 1.25 * warm[name]} == set()
