"""What Spark says a stage cost, from the event log of its application: read with plain Python, no session needed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from spark_jobs.shared.publication_record import SparkCosts, SparkStage

# The Spark stages that took longest, named one by one; the history server has all of them.
STAGES_KEPT = 5
# As Spark's own scans call it, and as Iceberg's do.
SIZES_OF_FILES = ("size of files read", "total data file size (bytes)")
_SQL = "org.apache.spark.sql.execution.ui.SparkListener"
Event = dict[str, Any]


def spark_costs(event_log: Path) -> SparkCosts:
    """Sum up the application of an uncompressed event log; times in seconds, sizes in bytes.

    `input_records` counts a row each time a task read it; `input_bytes` a file's whole size for each scan that opened
    it. The tasks' own bytes are no measure: where Parquet reads in vectors they count the footers only, for Hadoop does
    not count such reads (a scan of 6,666,807 bytes said 12,438). The GC's share is of the tasks' run time, and in an
    embedded Spark the tasks share one collector. Raises KeyError or ValueError when the log was cut short.
    """
    events = defaultdict(list)
    for event in _events(event_log):
        events[event["Event"].removeprefix("SparkListener").removeprefix(_SQL)].append(event)
    (start,), (end,), tasks = events["ApplicationStart"], events["ApplicationEnd"], events["TaskEnd"]
    return SparkCosts(
        application_id=start["App ID"],
        seconds=_seconds(start["Timestamp"], end["Timestamp"]),
        jobs=len(events["JobStart"]),
        stages=len(events["StageCompleted"]),
        tasks=len(tasks),
        failed_tasks=sum(task["Task End Reason"]["Reason"] != "Success" for task in tasks),
        input_bytes=_scanned_bytes(events),
        **_task_totals(tasks),
        slowest_stages=_slowest_stages(tasks)[:STAGES_KEPT],
    )


def has_property(event_log: Path, key: str, value: str) -> bool:
    """Return whether the application of an event log was started with a Spark setting."""
    for event in _events(event_log):
        if event["Event"] == "SparkListenerEnvironmentUpdate":
            return event["Spark Properties"].get(key) == value
    return False


def _events(event_log: Path) -> Iterator[Event]:
    with event_log.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _task_totals(tasks: list[Event]) -> dict[str, Any]:
    # A task whose executor was lost has none.
    metrics = [task["Task Metrics"] for task in tasks if task.get("Task Metrics")]
    reads = [task["Shuffle Read Metrics"] for task in metrics]
    run_time = sum(task["Executor Run Time"] for task in metrics)
    return {
        "input_records": sum(task["Input Metrics"]["Records Read"] for task in metrics),
        "shuffle_bytes_written": sum(task["Shuffle Write Metrics"]["Shuffle Bytes Written"] for task in metrics),
        "shuffle_bytes_read": sum(read["Remote Bytes Read"] + read["Local Bytes Read"] for read in reads),
        "spilled_memory_bytes": sum(task["Memory Bytes Spilled"] for task in metrics),
        "spilled_disk_bytes": sum(task["Disk Bytes Spilled"] for task in metrics),
        "peak_execution_memory_bytes": max((task["Peak Execution Memory"] for task in metrics), default=0),
        "executor_run_seconds": _seconds(0, run_time),
        # In nanoseconds. Less than the above where tasks wait: for a disk, or for a core that Java compiles on.
        "executor_cpu_seconds": round(sum(task["Executor CPU Time"] for task in metrics) / 1e9, 3),
        "gc_share": round(sum(task["JVM GC Time"] for task in metrics) / run_time, 3) if run_time else 0.0,
    }


def _slowest_stages(tasks: list[Event]) -> tuple[SparkStage, ...]:
    """The Spark stages with what their tasks took, those with the most work first."""
    spent = defaultdict(list)
    for task in tasks:
        if task["Task End Reason"]["Reason"] == "Success":
            times = task["Task Info"]
            spent[task["Stage ID"]].append(_seconds(times["Launch Time"], times["Finish Time"]))
    return tuple(
        SparkStage(
            stage_id=stage,
            tasks=len(seconds),
            median_task_seconds=round(median(seconds), 3),
            slowest_task_seconds=max(seconds),
        )
        for stage, seconds in sorted(spent.items(), key=lambda found: -sum(found[1]))
    )


def _scanned_bytes(events: dict[str, list[Event]]) -> int:
    plans = events["SQLExecutionStart"] + events["SQLAdaptiveExecutionUpdate"]
    sizes = {
        metric["accumulatorId"]
        for plan in plans
        for node in _nodes(plan["sparkPlanInfo"])
        for metric in node["metrics"]
        if metric["name"] in SIZES_OF_FILES
    }
    updates = [update for event in events["DriverAccumUpdates"] for update in event["accumUpdates"]]
    return sum(size for accumulator, size in updates if accumulator in sizes)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan["children"]:
        yield from _nodes(child)


def _seconds(start: int, end: int) -> float:
    return round((end - start) / 1000, 3)
