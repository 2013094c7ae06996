"""How the programs compare: the ratios that a change has to keep, from medians of kept runs.

python -m benchmarks.ratios [RESULTS.json ...]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.benched import DAG, DUCKDB_WORK
from benchmarks.listening.programs import BARE_JOBS, BARE_SCRIPT, DUCKDB

THREE_JOBS = "the DAG's Spark jobs"
COMPARED = (
    (DAG, BARE_SCRIPT),
    (DAG, DUCKDB),
    (DAG, DUCKDB_WORK),
    (THREE_JOBS, BARE_SCRIPT),
    (THREE_JOBS, BARE_JOBS),
    (BARE_JOBS, BARE_SCRIPT),
)
WRITES_EVENTS = "data_quality"
Runs = dict[str, list[dict[str, Any]]]


def ratios(runs: Runs) -> dict[str, float]:
    """Wall seconds of the DAG, of its three Spark jobs alone and of bare ones, by those of others; its slowest task."""
    wall = {name: seconds(of_name) for name, of_name in runs.items()}
    if dag := runs.get(DAG):
        wall[THREE_JOBS] = median(map(_spark_seconds, dag))
    found = {f"{name} / {other}": wall[name] / wall[other] for name, other in COMPARED if {name, other} <= wall.keys()}
    if {DAG, DUCKDB_WORK} <= runs.keys():
        cpu = [median(run["cpu_seconds"] for run in runs[name]) for name in (DAG, DUCKDB_WORK)]
        found[f"{DAG} / {DUCKDB_WORK}, CPU"] = cpu[0] / cpu[1]
    # Of a busy machine a report may lack what Spark tells of a stage.
    if told := [run for run in dag or () if WRITES_EVENTS in run["spark"]]:
        found["slowest / median task, writing stage"] = median(map(_slowest_by_median, told))
    return found


def seconds(runs: list[dict[str, Any]]) -> float:
    """The median wall seconds of some runs."""
    return median(run["seconds"] for run in runs)


def growth_lines(smaller: dict[str, Any], larger: dict[str, Any]) -> list[str]:
    """Return how many times longer the DAG and DuckDB take for the larger of two kept results, as text."""
    times = larger["events"] / smaller["events"]
    both = [name for name in (DAG, DUCKDB_WORK) if times > 1 and name in larger["runs"].keys() & smaller["runs"].keys()]
    growth = {name: seconds(larger["runs"][name]) / seconds(smaller["runs"][name]) for name in both}
    return [f"{f'{name}, {times:.3g} times the events':<40} {grown:5.2f}" for name, grown in growth.items()]


def lines(runs: Runs) -> list[str]:
    """The ratios as text."""
    return [f"{name:<40} {value:5.2f}" for name, value in ratios(runs).items()]


def _spark_seconds(run: dict[str, Any]) -> float:
    """The seconds of the DAG's three Spark jobs."""
    return sum(spent for stage, spent in run["stage_seconds"].items() if not stage.startswith("check_"))


def _slowest_by_median(run: dict[str, Any]) -> float:
    # Two stages of it do nearly all the work: the first reads, the second sorts and writes the buckets.
    writing = max(run["spark"][WRITES_EVENTS]["slowest_stages"][:2], key=lambda stage: stage["stage_id"])
    return writing["slowest_task_seconds"] / writing["median_task_seconds"]


def main(*files: str) -> None:
    """Print the ratios of these results, each larger one compared with the smallest of its log."""
    results = [json.loads(Path(file).read_text(encoding="utf-8")) for file in files]
    results.sort(key=lambda one: (one["log"], one["events"]))
    smallest: dict[str, dict[str, Any]] = {}
    for result in results:
        first = smallest.setdefault(result["log"], result)
        print(f"{result['log']}, {result['events']:,} events", *lines(result["runs"]), sep="\n  ")
        print(*(f"  {line}" for line in growth_lines(first, result)), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
