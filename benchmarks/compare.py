"""Measure a log's DAG, also on a cluster, and the programs to compare it with in turn; check their answers.

`python -m benchmarks.compare --help` has the options. Every result goes to
`benchmarks/results/<log>/<machine>-<version>-<events>.json`, raw. If the log is the same, programs that --only leaves
out keep their results there. The medians are printed, and how they grow from the smallest log with results;
`python -m benchmarks.draw` draws them.
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
from upath import UPath

from benchmarks import ratios
from benchmarks.benched import DAG, DAG_EMBEDDED, DAG_ON_A_CLUSTER, Benched, Program, benched, check
from benchmarks.measure import CommandError, measure
from cli.environment import PROJECT, RUN_HOME, airflow_environment, check_places, prepare_database, sole_use
from cli.program import command_of, execute
from cli.secret_files import refuse_where_git_takes
from cli.stopping import stop_at_signals
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.masking import KEY, KEY_ID

RESULTS = PROJECT / "benchmarks" / "results"
LIBRARIES = ("pyspark", "apache-airflow", "great-expectations", "duckdb")
Runs = dict[str, list[dict[str, Any]]]


def main(
    log: Annotated[str, Option(help="The log, by the name of its DAG.")] = "listening",
    events: Annotated[int, Option(min=1, help="The events (of listening: listens) of the generated log.")] = 1_000_000,
    repeats: Annotated[int, Option(min=1, help="How often each program runs.")] = 3,
    only: Annotated[str, Option(help="Programs by name, commas between them.", show_default="all")] = "",
) -> None:
    """Generate the log, measure in turn, keep and print what was measured."""
    stop_at_signals()
    check_home()
    ours = benched(log)
    with (
        sole_use(RUN_HOME, waiting="A run is under way: waiting for it to end ..."),
        tempfile.TemporaryDirectory(prefix="benchmark-") as directory,
    ):
        scratch = Path(directory)
        input_, lake = scratch / ours.file, scratch / "lake"
        reports = Lake(str(lake), log).report(ours.run_date)
        chosen = named(ours.programs(input_, lake, scratch), only)
        made = generate(ours, input_, events)
        environment = without_key(airflow_environment(RUN_HOME, lake, scratch, str(input_), log))
        prepare_database(environment)
        right = ours.answer(input_)
        made |= {"log": ours.generated(right)}
        runs: Runs = {name: [] for name in chosen}
        for repeat in range(repeats):
            for name, program in chosen.items():
                shutil.rmtree(lake, ignore_errors=True)
                program.prepare()
                runs[name].append(one_run(name, program, environment, right, reports))
                print(f"{repeat + 1}/{repeats} {name}: {runs[name][-1]}", flush=True)
        kept = keep(RESULTS, facts_of_machine(log, events, bytes_of(input_)) | {"generator": made}, runs)
    show(ours.events, events, made, runs)
    for line in (*ratios.lines(runs), *growth_lines(kept)):
        print(line)
    print(f"Raw results: {kept.relative_to(PROJECT)}")


def generate(ours: Benched, log: Path, events: int) -> dict[str, Any]:
    """Write a log of this size; return what that took, measured as the programs are."""
    command = [sys.executable, "-m", ours.generator, str(log), ours.size, str(events)]
    return measured(command, os.environ)


def measured(command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Measure a command; one that fails ends the benchmark."""
    try:
        return measure(command, environment)
    except CommandError as error:
        sys.exit(str(error))


def without_key(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without a masking key, for no program but the DAG has one."""
    return {name: value for name, value in environment.items() if name not in (KEY, KEY_ID)}


def bytes_of(log: Path) -> int:
    """Return the size of a log, which is a file or a directory of files."""
    return sum(file.stat().st_size for file in (log.rglob("*") if log.is_dir() else [log]) if file.is_file())


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


def one_run(
    name: str, program: Program, environment: Mapping[str, str], right: dict[str, Any], reports: UPath
) -> dict[str, Any]:
    """Run a program and check its answer; one that fails ends the benchmark, one that is wrong does not."""
    facts = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit()}
    used = measured(program.command, environment)
    if name in (DAG, DAG_EMBEDDED, DAG_ON_A_CLUSTER):
        report = json.loads((reports / "report.json").read_bytes())
        used |= {"stage_seconds": report["stage_seconds"], "spark": report["spark"]}
    return facts | used | {"answer": check(program.found(), right)}


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


def keep(results: Path, facts: dict[str, Any], runs: Runs) -> Path:
    """Write the raw results beside the facts of machine and log, and return the file."""
    file = results / facts["log"] / f"{facts['machine']}-{facts['version']}-{facts['events']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    others = before["runs"] if before.get("bytes") == facts["bytes"] else {}
    file.write_text(json.dumps(facts | {"runs": others | runs}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def facts_of_machine(log: str, events: int, size: int) -> dict[str, Any]:
    """Return the facts of a measurement: the log with its events and bytes, the machine, the versions."""
    return {
        "version": project_version(),
        "log": log,
        "events": events,
        "bytes": size,
        "machine": f"{platform.machine()}-{os.cpu_count()}-cores",
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }


def show(word: str, events: int, made: dict[str, Any], runs: Runs) -> None:
    """Print what the log took, the medians, and how much of each answer is right."""
    off = "".join(f", {name}: {value:.2f}" for name, value in made["log"].items())
    million = made["seconds"] * 1_000_000 / events
    print(f"Generated in {made['seconds']:.1f} s ({million:.1f} a million), {made['cpu_seconds']:.1f} CPU s{off}")
    print(f"{events:,} {word}, medians  wall s    CPU s  peak MiB  read MiB  written MiB  facts right")
    for name, of_name in runs.items():
        middle = {column: median(of_name, column) for column in ("seconds", "cpu_seconds", "peak_mib")}
        read, written = (_mib(median(of_name, column)) for column in ("read_bytes", "written_bytes"))
        worst = min((run["answer"] for run in of_name), key=lambda one: one["facts_right"])
        facts = f"{worst['facts_right']:,} of {worst['facts']:,}"
        print(
            f"{name:<22} {middle['seconds']:8.1f} {middle['cpu_seconds']:8.1f} {middle['peak_mib']:9.0f} "
            f"{read:>9} {written:>12}  {facts}{'' if worst['right'] else ', a wrong answer'}"
        )


def growth_lines(kept: Path) -> list[str]:
    """Return how results grow from the smallest ones that this machine and version have of the log."""
    of_machine = kept.name.rsplit("-", 1)[0]
    results = [json.loads(file.read_text(encoding="utf-8")) for file in kept.parent.glob(f"{of_machine}-*.json")]
    larger = json.loads(kept.read_text(encoding="utf-8"))
    return ratios.growth_lines(min(results, key=lambda one: one["events"]), larger)


def median(runs: list[dict[str, Any]], column: str) -> float:
    """The median of a measure over the runs of a program; NaN where the system does not count it."""
    return statistics.median(float("nan") if run[column] is None else run[column] for run in runs)


def _mib(count: float) -> str:
    return "-" if math.isnan(count) else f"{count / 2**20:,.0f}"


if __name__ == "__main__":
    execute(command_of(main, "compare"), "python -m benchmarks.compare")
