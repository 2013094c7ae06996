"""Measure the whole DAG against the bare script, in turn, on the same generated log, in one run.

LISTENS and REPEATS come from the environment, where make puts them. Every figure goes to
`benchmarks/results/<machine>-<listens>.json`, raw; the median seconds, their
ratio and the most memory are printed. Seconds are wall seconds; memory
is the largest sum of the resident sets of all processes of a run, asked for ten times a second.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks import generate_log
from scripts.environment import PROJECT, RUN_HOME, SPARK_CONNECTION, airflow_environment, prepare_database, sole_use
from spark_jobs.shared.lake import Lake

RESULTS = PROJECT / "benchmarks" / "results"
RUN_DATE = date(2009, 5, 5)


def main() -> None:
    """Generate the log, measure both in turn, keep and print the figures."""
    listens, repeats = int(os.environ.get("LISTENS", "1000000")), int(os.environ.get("REPEATS", "3"))
    with (
        sole_use(RUN_HOME, waiting="A run is under way: waiting for it to end ..."),
        tempfile.TemporaryDirectory(prefix="benchmark-") as scratch,
    ):
        log, lake = Path(scratch) / "log.tsv", Path(scratch) / "lake"
        users = max(1, listens * generate_log.REAL_USERS // generate_log.REAL_LISTENS)
        generate_log.main([str(log), "--listens", str(listens), "--users", str(users)])
        environment = airflow_environment(RUN_HOME, lake, Path(scratch), str(log))
        prepare_database(environment)
        commands = {
            "dag": ["airflow", "dags", "test", "lastfm_session_analysis", str(RUN_DATE)],
            "bare script": bare_script(log, Path(scratch) / "answer"),
        }
        figures: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
        for repeat in range(repeats):
            for name, command in commands.items():
                shutil.rmtree(lake, ignore_errors=True)
                figures[name].append(measure(command, environment))
                if name == "dag":
                    report = Path(Lake(str(lake)).report(RUN_DATE)) / "report.json"
                    figures[name][-1]["stage_seconds"] = json.loads(report.read_text())["stage_seconds"]
                print(f"{repeat + 1}/{repeats} {name}: {figures[name][-1]}", flush=True)
        keep(listens, log.stat().st_size, figures)
    show(listens, figures)


def bare_script(log: Path, output: Path) -> list[str]:
    """The command that answers without us, with the memory and JVM options the pipeline has."""
    settings = {"spark.ui.enabled": "false", **SPARK_CONNECTION["extra"]}
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    script = str(PROJECT / "benchmarks" / "baseline_script.py")
    return ["spark-submit", "--master", SPARK_CONNECTION["host"], *options, script, str(log), str(output)]


def measure(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Run a command to its end; return its `seconds` and `peak_mib`. A failed command fails the benchmark."""
    started, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, resident_bytes(process))
            time.sleep(0.1)
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read()[-3000:].decode(errors='replace')}")
    return {"seconds": round(time.monotonic() - started, 1), "peak_mib": peak // 2**20}


def resident_bytes(process: psutil.Process) -> int:
    """Add up the resident memory of a process and of all it has started."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def keep(listens: int, size: int, figures: dict[str, list[dict[str, Any]]]) -> None:
    """Write the raw figures beside what they were measured on."""
    RESULTS.mkdir(exist_ok=True)
    machine = f"{platform.machine()}-{os.cpu_count()}-cores"
    facts = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "listens": listens,
        "bytes": size,
        "machine": machine,
        "versions": {name: version(name) for name in ("pyspark", "apache-airflow", "great-expectations")},
        "runs": figures,
    }
    (RESULTS / f"{machine}-{listens}.json").write_text(json.dumps(facts, indent=2) + "\n")


def show(listens: int, figures: dict[str, list[dict[str, Any]]]) -> None:
    """Print the medians and what the DAG costs over the bare script."""
    seconds = {name: statistics.median(run["seconds"] for run in runs) for name, runs in figures.items()}
    memory = {name: max(run["peak_mib"] for run in runs) for name, runs in figures.items()}
    for name in figures:
        print(f"{name:<12} {seconds[name]:8.1f} s   {memory[name]:6d} MiB at most")
    print(f"{listens:,} listens: the DAG takes {seconds['dag'] / seconds['bare script']:.2f} times the bare script")


if __name__ == "__main__":
    main()
