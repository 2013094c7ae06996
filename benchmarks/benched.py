"""What a log says of itself to be measured, and what is the same for all: the DAG's programs, the check of answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import Any

from include.deployment.local_spark import EMBEDDED

# Each has a module `benchmarks.<log>.programs` with its `BENCHED`.
LOGS = ("listening", "shop")
DAG, DAG_EMBEDDED, DAG_ON_A_CLUSTER = "dag", "dag on embedded spark", "dag on a cluster"
DUCKDB_WORK = "duckdb whole work"
# Of differences from the answer, so many are kept.
MOST_WRONG = 20


@dataclass(frozen=True)
class Program:
    """A command, and a function that returns the facts it found, named as in the log's answer.

    `prepare` is called before the command, and not measured.
    """

    command: list[str]
    found: Callable[[], dict[str, Any]]
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Benched:
    """How a log is generated and answered.

    `generator` is the module that writes a log named `file` of so many `events`, by its option `size`. `programs` takes
    the log, the lake and a scratch directory. `answer` returns what the generator knows of a log. `generated` returns
    what is measured of the log itself, in words.
    """

    events: str
    generator: str
    size: str
    file: str
    run_date: date
    programs: Callable[[Path, Path, Path], dict[str, Program]]
    answer: Callable[[Path], dict[str, Any]]
    generated: Callable[[Mapping[str, Any]], dict[str, float]] = lambda answer: {}


def benched(log: str) -> Benched:
    """Return what a log says of itself; exit when there is nothing."""
    if log not in LOGS:
        sys.exit(f"--log: found {log!r}, allowed are {', '.join(LOGS)}")
    return import_module(f"benchmarks.{log}.programs").BENCHED


def dag_programs(
    log: str, input_: Path, lake: Path, scratch: Path, run_date: date, found: Callable[[], dict[str, Any]]
) -> dict[str, Program]:
    """Return the DAG of a log as `make run` starts it, on embedded Spark, and on a cluster."""
    dag = ["airflow", "dags", "test", log, f"{run_date}T00:00:00Z"]
    # With a home of its own, for this process holds the usual one; with a server, for it finds no connection.
    own = ["env", "--unset=AIRFLOW_CONN_SPARK_DEFAULT", f"PIPELINE_AIRFLOW_HOME={scratch / 'airflow'}", sys.executable]
    options = [f"--log={log}", f"--input={input_}", f"--lake={lake}", f"--run-date={run_date}"]
    return {
        DAG: Program([*own, "-m", "cli", "run", *options], found),
        DAG_EMBEDDED: Program(dag, found),
        DAG_ON_A_CLUSTER: Program([sys.executable, "-m", "benchmarks.on_a_cluster", *dag], found),
    }


def spark_options(settings: dict[str, str]) -> list[str]:
    """Return the options of spark-submit for an embedded Spark with these settings."""
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    return ["--master", EMBEDDED["host"], *options]


def check(found: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Compare what a program found with the answer: whether all is `right`, how many facts are, the first differences.

    A row of a list is a fact. What the answer lacks is right as the first program found it: it is added to the answer.
    """
    wrong: list[dict[str, Any]] = []
    facts = 0
    for name, value in found.items():
        right = answer.setdefault(name, value)
        pairs = list(zip_longest(value, right)) if isinstance(value, list) else [(value, right)]
        facts += len(pairs)
        wrong += [{"what": name, "found": one, "answer": other} for one, other in pairs if not _agrees(one, other)]
    return {"right": not wrong, "facts_right": facts - len(wrong), "facts": facts, "wrong": wrong[:MOST_WRONG]}


def _agrees(found: Any, right: Any) -> bool:
    """A row agrees when the columns that both have do."""
    if isinstance(found, dict) and isinstance(right, dict):
        return all(found[name] == right[name] for name in found.keys() & right.keys())
    return bool(found == right)
