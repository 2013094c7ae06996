"""What Spark says a stage cost on a Spark Connect server: asked of the server's REST API, for one session's jobs."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from statistics import mean
from typing import Any

import httpx
import jwt

from include.deployment.spark_connect import TOKEN
from include.telemetry.event_logs import forget_costs, keep_costs
from include.telemetry.spark_costs import SIZES_OF_FILES, STAGES_KEPT
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import SparkCosts, SparkStage

# An answer comes from the server's memory, in milliseconds.
TIMEOUT = httpx.Timeout(5, connect=2)
# The server counts what has happened a little later than it tells its clients.
LAG_SECONDS, PAUSE_SECONDS = 3.0, 0.1
# By default the API returns 20 executions. A server keeps `spark.sql.ui.retainedExecutions`, which is 1,000.
ALL = 1_000_000
# Of two tasks in the middle Spark takes the slower as the median. The one before is had by 0.49, up to 50 tasks.
QUANTILES = "0.49,0.5,1.0"
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
Answer = dict[str, Any]
Ask = Callable[..., Any]


@contextmanager
def costs_kept_of_session(stage: str, lake: Lake, run_date: date, ui: str, session_id: str) -> Iterator[None]:
    """Keep the costs of a stage that runs in a session of its own on a Connect server, when it has ended well.

    `ui`: the address of the server's UI. What it does not tell costs a line in the log, never the run.
    """
    forget_costs(lake, stage, run_date)
    yield
    keep_costs(lake, stage, run_date, lambda: session_costs(ui, session_id))


def session_costs(ui: str, session_id: str) -> SparkCosts:
    """Sum up the jobs of a session; what each sum means says `spark_costs`, and these three differ.

    `seconds`: from the first job's start to the last one's end. `input_bytes`: the server tells the size of a scan's
    files with one decimal, "2.4 GiB", so it may be off by 2.5 percent. `peak_execution_memory_bytes`: of the tasks that
    ended well.

    Raises OSError if the server does not answer, or jobs still run after three seconds. Raises LookupError if it knows
    no job of the session, and ValueError if its answer has another form.
    """
    with client_of(ui) as client:
        (application,) = ask_server(client, "applications")
        ask = partial(ask_server, client, f"applications/{application['id']}/")
        jobs = _ended_jobs(ask, session_id)
        stages = _stages(ask, jobs)
        input_bytes = _scanned_bytes(ask, jobs)
    return SparkCosts(
        application_id=application["id"],
        seconds=_seconds(jobs),
        jobs=len(jobs),
        stages=len(stages),
        input_bytes=input_bytes,
        **_totals(stages),
        slowest_stages=_slowest_stages(stages),
    )


def client_of(ui: str) -> httpx.Client:
    """Open the connection that all questions share; no proxy is asked, for the server is on our own machine."""
    token = os.environ.get(TOKEN)
    return httpx.Client(
        base_url=f"{ui}/api/v1/",
        headers={"Authorization": f"Bearer {_signed(token)}"} if token else {},
        timeout=TIMEOUT,
        trust_env=False,
    )


def _signed(token: str) -> str:
    """Return the JSON Web Token that the server's JWSFilter lets in: it is signed, and says nothing."""
    return jwt.encode({}, base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), algorithm="HS256")


def ask_server(client: httpx.Client, *path: str, **parameters: str | int) -> Any:
    """Return what the server answers; raises OSError if it does not, ValueError if that is no JSON."""
    url = "".join(path)
    try:
        answer = client.get(url, params=parameters)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectionError(f"{client.base_url}{url} does not answer ({error})") from error
    if not answer.is_success:
        raise ConnectionError(f"{answer.url.copy_with(query=None)} answers {answer.status_code} {answer.reason_phrase}")
    return answer.json()


def _ended_jobs(ask: Ask, session_id: str) -> list[Answer]:
    """Return the session's jobs when none runs any more."""
    until = time.monotonic() + LAG_SECONDS
    # Spark Connect marks all jobs of an operation, also those of broadcasts, subqueries and commits:
    # SparkConnect_OperationTag_User_<user>_Session_<session>_Operation_<operation>
    mark = f"_Session_{session_id}_Operation_"
    while True:
        jobs = [job for job in ask("jobs") if any(mark in tag for tag in job["jobTags"])]
        running = sum(job["status"] == "RUNNING" for job in jobs)
        if jobs and not running:
            return jobs
        if time.monotonic() > until:
            break
        time.sleep(PAUSE_SECONDS)
    if running:
        raise TimeoutError(f"{running} jobs of the session {session_id} still run")
    raise LookupError(f"the server knows no jobs of the session {session_id}")


def _stages(ask: Ask, jobs: list[Answer]) -> list[Answer]:
    """Return the attempts of the jobs' Spark stages: those that ran."""
    # A job names the stages that it skipped, because their output was there, by numbers of their own.
    numbers = sorted({number for job in jobs for number in job["stageIds"]})
    asked = {"details": "false", "withSummaries": "true", "quantiles": QUANTILES}
    attempts = [attempt for number in numbers for attempt in ask(f"stages/{number}", **asked)]
    return [attempt for attempt in attempts if attempt["status"] in ("COMPLETE", "FAILED")]


def _totals(stages: list[Answer]) -> dict[str, Any]:
    def total(*names: str) -> int:
        return sum(stage[name] for stage in stages for name in names)

    run_time = total("executorRunTime")
    of_tasks = [stage["taskMetricsDistributions"] for stage in stages if stage["numCompleteTasks"]]
    return {
        "tasks": total("numCompleteTasks", "numFailedTasks", "numKilledTasks"),
        "failed_tasks": total("numFailedTasks", "numKilledTasks"),
        "input_records": total("inputRecords"),
        "shuffle_bytes_written": total("shuffleWriteBytes"),
        "shuffle_bytes_read": total("shuffleReadBytes"),
        "spilled_memory_bytes": total("memoryBytesSpilled"),
        "spilled_disk_bytes": total("diskBytesSpilled"),
        # A stage's own peak is the sum of its tasks'.
        "peak_execution_memory_bytes": int(max((tasks["peakExecutionMemory"][-1] for tasks in of_tasks), default=0)),
        "executor_run_seconds": round(run_time / 1e3, 3),
        "executor_cpu_seconds": round(total("executorCpuTime") / 1e9, 3),
        "gc_share": round(total("jvmGcTime") / run_time, 3) if run_time else 0.0,
    }


def _slowest_stages(stages: list[Answer]) -> tuple[SparkStage, ...]:
    """The Spark stages with what their tasks took, those with the most work first."""
    ended_well = (stage for stage in stages if stage["numCompleteTasks"])
    found = []
    for stage in sorted(ended_well, key=lambda stage: -stage["executorRunTime"])[:STAGES_KEPT]:
        *middle, slowest = stage["taskMetricsDistributions"]["duration"]
        found.append(
            SparkStage(
                stage_id=stage["stageId"],
                tasks=stage["numCompleteTasks"],
                median_task_seconds=round(mean(middle) / 1000, 3),
                slowest_task_seconds=round(slowest / 1000, 3),
            )
        )
    return tuple(found)


def _scanned_bytes(ask: Ask, jobs: list[Answer]) -> int:
    """Sum up the sizes of the files that the plans of the jobs scanned."""
    ours = {job["jobId"] for job in jobs}
    plans = ask("sql", details="false", planDescription="false", length=ALL)
    numbers = [plan["id"] for plan in plans if ours.intersection(plan["successJobIds"] + plan["failedJobIds"])]
    found = (ask(f"sql/{number}", details="true", planDescription="false") for number in numbers)
    metrics = (metric for plan in found for node in plan["nodes"] for metric in node["metrics"])
    return sum(_bytes(metric["value"]) for metric in metrics if metric["name"] in SIZES_OF_FILES)


def _bytes(shown: str) -> int:
    """Return a size as Spark shows it, in bytes.

    >>> _bytes("793.1 KiB"), _bytes("24.0 B"), _bytes("253213")
    (812134, 24, 253213)
    >>> _bytes("total (min, med, max)\\n1586.2 KiB (793.1 KiB, 793.1 KiB, 793.1 KiB)")
    1624269
    """
    number, *unit = shown.splitlines()[-1].split()[:2]
    return round(float(number) * 1024 ** (UNITS.index(unit[0]) if unit else 0))


def _seconds(jobs: list[Answer]) -> float:
    start = min(_time(job["submissionTime"]) for job in jobs)
    return round((max(_time(job["completionTime"]) for job in jobs) - start).total_seconds(), 3)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("GMT", "+00:00"))
