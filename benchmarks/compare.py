"""Measure the DAG, also on a cluster, bare jobs, the bare script and DuckDB in turn, on one log; check their answers.

`python -m benchmarks.compare --help` has the options. Every result goes to
`benchmarks/results/<machine>-<version>-<listens>.json`, raw. If the log is the same, programs that --only leaves out
keep their results there. The medians are printed; `python -m benchmarks.draw` draws them.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import psutil
from typer import Option

from benchmarks import ratios
from benchmarks.measure import CommandError, measure
from benchmarks.programs import DAG, DAG_EMBEDDED, DAG_ON_A_CLUSTER, RUN_DATE, Program, check, programs
from cli.environment import PROJECT, RUN_HOME, airflow_environment, check_places, prepare_database, sole_use
from cli.program import command_of, execute
from cli.secret_files import refuse_where_git_takes
from cli.stopping import stop_at_signals
from include.sample_data.listening import answer, generate_log
from spark_jobs.shared.lake import Lake

RESULTS = PROJECT / "benchmarks" / "results"
LIBRARIES = ("pyspark", "apache-airflow", "great-expectations", "duckdb")
Runs = dict[str, list[dict[str, Any]]]


def main(
    listens: Annotated[int, Option(min=1, help="The listens of the generated log.")] = 1_000_000,
    repeats: Annotated[int, Option(min=1, help="How often each program runs.")] = 3,
    only: Annotated[str, Option(help="Programs by name, commas between them.", show_default="all")] = "",
) -> None:
    """Generate the log, measure in turn, keep and print what was measured."""
    stop_at_signals()
    check_home()
    with (
        sole_use(RUN_HOME, waiting="A run is under way: waiting for it to end ..."),
        tempfile.TemporaryDirectory(prefix="benchmark-") as directory,
    ):
        scratch = Path(directory)
        log, lake = scratch / "log.tsv", scratch / "lake"
        chosen = named(programs(log, lake, scratch), only)
        generate_log.main([str(log), "--listens", str(listens)])
        environment = airflow_environment(RUN_HOME, lake, scratch, str(log))
        prepare_database(environment)
        right = json.loads(answer.beside(log).read_text(encoding="utf-8"))
        runs: Runs = {name: [] for name in chosen}
        for repeat in range(repeats):
            for name, program in chosen.items():
                shutil.rmtree(lake, ignore_errors=True)
                program.prepare()
                runs[name].append(one_run(name, program, environment, right))
                print(f"{repeat + 1}/{repeats} {name}: {runs[name][-1]}", flush=True)
        kept = keep(RESULTS, listens, log.stat().st_size, runs)
    show(listens, runs)
    print(f"Raw results: {kept.relative_to(PROJECT)}")


def named(every: dict[str, Program], names: str) -> dict[str, Program]:
    """Return the programs of these names, all without a name; exit when there is no such program."""
    wanted = [name.strip() for name in names.split(",")] if names else list(every)
    unknown = [name for name in wanted if name not in every]
    if unknown:
        sys.exit(f"--only: found {', '.join(map(repr, unknown))}, allowed are {', '.join(every)}, with commas between")
    return {name: program for name, program in every.items() if name in wanted}


def check_home() -> None:
    """Exit with a sentence where Airflow's home cannot be where it is."""
    try:
        check_places(RUN_HOME)
        refuse_where_git_takes(RUN_HOME / "airflow.cfg")
    except RuntimeError as error:
        sys.exit(str(error))


def one_run(name: str, program: Program, environment: Mapping[str, str], right: dict[str, Any]) -> dict[str, Any]:
    """Run a program and check its answer; one that fails ends the benchmark, one that is wrong does not."""
    facts = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit()}
    try:
        measured = measure(program.command, environment)
    except CommandError as error:
        sys.exit(str(error))
    if name in (DAG, DAG_EMBEDDED, DAG_ON_A_CLUSTER):
        report = json.loads(
            (Lake(environment["PIPELINE_LAKE"], "listening").report(RUN_DATE) / "report.json").read_bytes()
        )
        measured |= {"stage_seconds": report["stage_seconds"], "spark": report["spark"]}
    return facts | measured | {"answer": check(program.found(), right)}


def commit() -> str:
    """Name the commit that is measured, `-dirty` where files differ from it; empty without git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return described.stdout.strip()


def project_version() -> str:
    """The version that pyproject.toml says."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def keep(results: Path, listens: int, size: int, runs: Runs) -> Path:
    """Write the raw results beside the facts of machine and log, and return the file."""
    results.mkdir(exist_ok=True)
    facts = facts_of_machine(listens, size)
    file = results / f"{facts['machine']}-{facts['version']}-{listens}.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    others = before["runs"] if before.get("bytes") == size else {}
    file.write_text(json.dumps(facts | {"runs": others | runs}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def facts_of_machine(listens: int, size: int) -> dict[str, Any]:
    """Return the facts of a measurement: the log's listens and bytes, the machine, the versions."""
    return {
        "version": project_version(),
        "listens": listens,
        "bytes": size,
        "machine": f"{platform.machine()}-{os.cpu_count()}-cores",
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }


def show(listens: int, runs: Runs) -> None:
    """Print the medians, how much of each answer is right, and how the programs compare."""
    print(f"{listens:,} listens, medians  wall s    CPU s  peak MiB  read MiB  written MiB  songs right")
    for name, of_name in runs.items():
        middle = {column: median(of_name, column) for column in ("seconds", "cpu_seconds", "peak_mib")}
        read, written = (_mib(median(of_name, column)) for column in ("read_bytes", "written_bytes"))
        worst = min((run["answer"] for run in of_name), key=lambda one: one["songs_right"])
        songs = f"{worst['songs_right']} of {worst['songs']}"
        print(
            f"{name:<22} {middle['seconds']:8.1f} {middle['cpu_seconds']:8.1f} {middle['peak_mib']:9.0f} "
            f"{read:>9} {written:>12}  {songs}{'' if worst['right'] else ', a wrong answer'}"
        )
    print(*ratios.lines(runs), sep="\n")


def median(runs: list[dict[str, Any]], column: str) -> float:
    """The median of a measure over the runs of a program; NaN where the system does not count it."""
    return statistics.median(float("nan") if run[column] is None else run[column] for run in runs)


def _mib(count: float) -> str:
    return "-" if math.isnan(count) else f"{count / 2**20:,.0f}"


if __name__ == "__main__":
    execute(command_of(main, "compare"), "python -m benchmarks.compare")
