"""Measure what a day costs: a log whose last days are loaded one by one, each answer checked by DuckDB on all there is.

`python -m benchmarks.daily --help` has the options. The base is a full run on all but the last days. The days are
compared with full runs on the whole log, into another lake. One is before them and one after them, because a machine's
speed changes. Every result goes to `benchmarks/results/listening/daily/<machine>-<version>-<listens>.json`, raw; that
has as many runs as were made of its `days`.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import duckdb
from typer import Option

from benchmarks.compare import RESULTS, check_home, facts_of_machine
from benchmarks.listening import duckdb_answer
from benchmarks.measure import CommandError, measure
from cli.environment import PROJECT, RUN_HOME, airflow_environment, prepare_database, sole_use
from cli.program import command_of, execute
from cli.stopping import stop_at_signals
from include.sample_data.listening import generate_log
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord

LAST_DAY = generate_log.NEWEST_LISTEN.date()


def main(
    listens: Annotated[int, Option(min=1, help="The listens of the generated log.")] = 1_000_000,
    days: Annotated[int, Option(min=1, help="How many of its last days are loaded one by one.")] = 30,
) -> None:
    """Generate the log, cut it into days, run them, keep and print what was measured."""
    stop_at_signals()
    check_home()
    first = LAST_DAY - timedelta(days=days - 1)
    with (
        sole_use(RUN_HOME, waiting="A run is under way: waiting for it to end ..."),
        tempfile.TemporaryDirectory(prefix="benchmark-") as directory,
    ):
        scratch = Path(directory)
        log = scratch / "log.tsv"
        generate_log.main([str(log), "--listens", str(listens)])
        base, files = split(log, first, scratch)
        environment = airflow_environment(RUN_HOME, scratch / "lake", scratch, str(log))
        prepare_database(environment)
        in_full = environment | {"PIPELINE_LAKE": str(scratch / "whole")}
        whole: list[dict[str, Any]] = []
        runs: list[dict[str, Any]] = []
        measured = {
            **facts_of_machine("listening", listens, log.stat().st_size),
            "days": days,
            "whole": whole,
            "runs": runs,
        }
        add(whole, one_run(in_full, LAST_DAY, log, loads.FULL, [log]), measured)
        for day, file in {first - timedelta(days=1): base, **files}.items():
            load = loads.FULL if file == base else loads.DAILY
            there = [base, *(other for day_of, other in files.items() if day_of <= day)]
            add(runs, one_run(environment, day, file, load, there), measured)
        kept = add(whole, one_run(in_full, LAST_DAY, log, loads.FULL, [log]), measured)
    show(runs[1:], whole)
    print(f"Raw results: {kept.relative_to(PROJECT)}")


def add(runs: list[dict[str, Any]], run: dict[str, Any], measured: dict[str, Any]) -> Path:
    """Add a run to the runs of `measured`, print it, and keep `measured` in a file; return that.

    After each run, for all take an hour and more: of a benchmark that is stopped stays what it has measured.
    """
    runs.append(run)
    print_run(run)
    kept = RESULTS / "listening" / "daily" / f"{measured['machine']}-{measured['version']}-{measured['events']}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return kept


def split(log: Path, first: date, directory: Path) -> tuple[Path, dict[date, Path]]:
    """Write the listens before a day into one file, those from it on into one a day; return the files."""
    days = {first + timedelta(days=number): Path() for number in range((LAST_DAY - first).days + 1)}
    base, files = directory / "base.tsv", {day: directory / f"{day}.tsv" for day in days}
    with ExitStack() as stack, log.open("rb") as lines:
        before = stack.enter_context(base.open("wb"))
        by_day = {str(day).encode(): stack.enter_context(file.open("wb")) for day, file in files.items()}
        for line in lines:
            # The second field begins with the day.
            at = line.index(b"\t") + 1
            by_day.get(line[at : at + 10], before).write(line)
    return base, files


def one_run(environment: Mapping[str, str], day: date, file: Path, load: str, there: Sequence[Path]) -> dict[str, Any]:
    """Run the DAG, and compare its answer to the byte with what DuckDB says of all the files there are by then."""
    conf = json.dumps({"input_path": str(file), "load": load})
    command = ["airflow", "dags", "test", "listening", f"{day}T00:00:00Z", "--conf", conf]
    try:
        measured = measure(command, environment)
    except CommandError as error:
        sys.exit(str(error))
    lake = Lake(environment["PIPELINE_LAKE"], "listening")
    report = json.loads((lake.report(day) / "report.json").read_bytes())
    right = file.with_suffix(".answer")
    duckdb.execute(duckdb_answer.QUESTION.replace("{output}", str(right)), {"log": [str(one) for one in there]})
    answer = (lake.report(day) / "top_songs.tsv").read_bytes()
    record = read_record(lake, DataQualityRecord, day)
    return {
        "run_date": str(day),
        "load": load,
        **measured,
        "listens": record.log.events,
        "new_listens": record.counts.events_accepted,
        "stage_seconds": report["stage_seconds"],
        "spark": report["spark"],
        "spark_seconds": sum(stage["executor_run_seconds"] for stage in report["spark"].values()),
        "spark_cpu_seconds": sum(stage["executor_cpu_seconds"] for stage in report["spark"].values()),
        "answer_right": answer == right.read_bytes(),
    }


def print_run(run: dict[str, Any]) -> None:
    """Print a run in a line."""
    print(
        f"{run['run_date']} {run['load']:<5} {run['new_listens']:>10,} new of {run['listens']:,} listens: "
        f"{run['seconds']:.0f} s, {run['cpu_seconds']:.0f} CPU s, {run['spark_seconds']:.1f} s of Spark tasks, "
        f"{run['spark_cpu_seconds']:.1f} of it CPU, "
        f"answer {'right' if run['answer_right'] else 'WRONG'}",
        flush=True,
    )


def show(days: list[dict[str, Any]], whole: list[dict[str, Any]]) -> None:
    """Print the medians of the days beside the mean of the full runs, and by stage what it takes and reads."""
    for name in ("seconds", "cpu_seconds", "spark_seconds", "spark_cpu_seconds"):
        median, in_full = statistics.median(run[name] for run in days), statistics.mean(run[name] for run in whole)
        most = max(run[name] for run in days)
        print(
            f"{name}: a day {median:.1f} (median), {most:.1f} (most), in full {in_full:.1f}: "
            f"{median / in_full:.3f}, {most / in_full:.3f}"
        )
    for stage in whole[0]["spark"]:
        spent = statistics.median(run["spark"][stage]["executor_run_seconds"] for run in days)
        read = statistics.median(run["spark"][stage]["input_records"] / run["listens"] for run in days)
        whole_log = statistics.mean(run["spark"][stage]["executor_run_seconds"] for run in whole)
        print(f"{stage:<20} {spent:7.1f} s of tasks, in full {whole_log:7.1f}; rows read: {read:.2f} of the log's")


if __name__ == "__main__":
    execute(command_of(main, "daily"), "python -m benchmarks.daily")
