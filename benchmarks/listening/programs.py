"""The programs that are compared on the log of listens: how each is started, and where its answer is read."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from upath import UPath

from benchmarks.benched import DUCKDB_WORK, Benched, Program, dag_programs, spark_options
from benchmarks.listening.many_files import FEW, MANY, split
from cli.environment import PROJECT
from include.deployment.local_spark import EMBEDDED, GARBAGE_COLLECTOR
from include.sample_data.listening import answer
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord

RUN_DATE = date(2009, 5, 5)
BARE_JOBS, BARE_SCRIPT, DUCKDB = "bare jobs", "bare script", "duckdb"
# The first job alone, on the log in so many files.
IN_FILES = {f"{files} files": files for files in (FEW, MANY)}
SONG_COLUMNS = ("artist_name", "track_name", "play_count", "session_count", "listener_count")


def programs(log: Path, lake: Path, scratch: Path) -> dict[str, Program]:
    """Return all that is compared on one log; a DAG reads where that is from its environment."""
    bare_lake, bare_answer, duckdb_answer = (
        scratch / "bare-lake",
        scratch / "bare-answer",
        scratch / "duckdb-answer.tsv",
    )
    bare_jobs = [sys.executable, "-m", "benchmarks.listening.bare_jobs", str(log), str(bare_lake)]
    in_duckdb = [sys.executable, "-m", "benchmarks.listening.duckdb_answer", str(log), str(duckdb_answer)]
    work = scratch / "duckdb-work"
    all_in_duckdb = [sys.executable, "-m", "benchmarks.listening.duckdb_work", str(log), str(work)]
    return {
        **dag_programs("listening", log, lake, scratch, RUN_DATE, lambda: of_dag(lake)),
        BARE_JOBS: Program(bare_jobs, lambda: of_bare_jobs(bare_lake)),
        BARE_SCRIPT: Program(bare_script(log, bare_answer), lambda: of_bare_script(bare_answer)),
        DUCKDB: Program(in_duckdb, lambda: of_duckdb(duckdb_answer)),
        DUCKDB_WORK: Program(
            all_in_duckdb, lambda: of_duckdb(work / "answer.tsv"), lambda: shutil.rmtree(work, ignore_errors=True)
        ),
        **{name: data_quality_of(files, log, lake, scratch) for name, files in IN_FILES.items()},
    }


def data_quality_of(files: int, log: Path, lake: Path, scratch: Path) -> Program:
    """The first job alone, on the log in so many files."""
    tree = scratch / f"{files}-files"
    job = str(PROJECT / "spark_jobs" / "data_quality" / "job.py")
    arguments = ["--input", str(tree), "--lake", str(lake), "--log", "listening", "--run-date", str(RUN_DATE)]
    options = spark_options(EMBEDDED["extra"])
    return Program(
        ["spark-submit", *options, job, *arguments], lambda: of_data_quality(lake), partial(split, log, files, tree)
    )


def bare_script(log: Path, output: Path) -> list[str]:
    """The command that answers without us, with the memory and the garbage collector the pipeline has."""
    # The author of such a script would not tune Java further.
    settings = {**EMBEDDED["extra"], "spark.driver.extraJavaOptions": GARBAGE_COLLECTOR}
    script = str(PROJECT / "benchmarks" / "listening" / "baseline_script.py")
    return ["spark-submit", *spark_options(settings), script, str(log), str(output)]


def of_dag(lake: Path) -> dict[str, Any]:
    """Return the facts of the report, the songs from the TSV."""
    directory = Lake(str(lake), "listening").report(RUN_DATE)
    report = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    counts = report["counts"]
    return {
        "lines": counts["records_read"],
        "listens": counts["events_accepted"],
        "users": counts["users"],
        "sessions": counts["sessions"],
        "top_sessions": report["top_sessions"],
        "top_songs": _songs(_rows(directory / "top_songs.tsv"), first=1),
    }


def of_data_quality(lake: Path) -> dict[str, Any]:
    """Return the counts of the stage's record."""
    counts = read_record(Lake(str(lake), "listening"), DataQualityRecord, RUN_DATE).counts
    return {"lines": counts.records_read, "listens": counts.events_accepted}


def of_duckdb(answer: Path) -> dict[str, Any]:
    """The songs of its TSV."""
    return {"top_songs": _songs(_rows(answer), first=1)}


def of_bare_jobs(lake: Path) -> dict[str, Any]:
    """The songs of its TSV, where names are as they were logged."""
    (part,) = (lake / "answer").glob("part-*.csv")
    return {"top_songs": _songs(_rows(part), first=0)}


def of_bare_script(answer: Path) -> dict[str, Any]:
    """The songs of its TSV, where Spark's writer has put names with a quote in quotes."""
    (part,) = answer.glob("part-*.csv")
    return {"top_songs": _songs([[_unquoted(field) for field in row] for row in _rows(part)], first=0)}


def _rows(tsv: Path | UPath) -> list[list[str]]:
    return [line.split("\t") for line in tsv.read_bytes().decode().removesuffix("\n").split("\n")[1:]]


def _songs(rows: list[list[str]], first: int) -> list[dict[str, Any]]:
    """Name the fields from the artist on, which is the first column or the one behind the rank."""
    songs = (zip(SONG_COLUMNS, row[first:], strict=False) for row in rows)
    return [{name: int(text) if text.isdigit() and "count" in name else text for name, text in song} for song in songs]


def _unquoted(field: str) -> str:
    if len(field) > 1 and field.startswith('"') and field.endswith('"'):
        return field[1:-1].replace('\\"', '"')
    return field


BENCHED = Benched(
    events="listens",
    generator="include.sample_data.listening.generate_log",
    size="--listens",
    file="log.tsv",
    run_date=RUN_DATE,
    programs=programs,
    answer=lambda log: json.loads(answer.beside(log).read_text(encoding="utf-8")),
)
