"""README and docs/reading.md show how others read the lake: each of their snippets answers, word for word."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from cli.java import java_home
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import prepare
from spark_jobs.lake.tries import new_try
from spark_jobs.ranking.tables import TOP_SONGS
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.docs.runbook import Block, blocks
from tests.frames import frame_of
from tests.jobs import knowing

# The pages' example of a lake's place. Snippets that name it read a lake, unless they call `make run`.
PLACE = "/data/lake"
FRIDAY, SATURDAY = date(2009, 5, 4), date(2009, 5, 5)
SNIPPETS = [
    pytest.param(block, id=f"{page} {number}")
    for page in ("README.md", "docs/reading.md")
    for number, block in enumerate(blocks((PROJECT / page).read_text(encoding="utf-8")), 1)
    if PLACE in block.text and "make run" not in block.text
]
COLUMNS = TOP_SONGS.schema.fieldNames()
LATEST = [(1, "Cake", "Jolene", 3, 2, 1), (2, "The Knife", "Heartbeats", 2, 1, 1)]
EARLIER = [(1, "The Knife", "Heartbeats", 2, 1, 1), (2, "Cake", "Jolene", 1, 1, 1)]


@pytest.fixture(scope="module")
def root(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a lake with two published answers, whose files Spark has written."""
    lake = Lake(str(tmp_path_factory.mktemp("readers") / "lake"), "listening")
    with lake.catalog.open() as catalog:
        prepare(catalog, "listening", [TOP_SONGS], buckets=1)
    for day, answer in ((FRIDAY, EARLIER), (SATURDAY, LATEST)):
        stage = new_try(lake.catalog, "listening", Stamp(day, f"run {day}", "ranking"))
        snapshot = stage.replace(frame_of(knowing(spark, lake), answer, TOP_SONGS.schema), TOP_SONGS)
        with lake.catalog.open() as catalog:
            publish(catalog, Publication("listening", day, f"run {day}", {TOP_SONGS.name: snapshot}, TOP_SONGS.name))
    return Path(lake.root)


def typed(commands: str) -> str:
    """Run some lines in the clone as a person types them; return what they print."""
    # The installation is that of the tests, however old it is.
    commands = commands.replace("make query", "make --old-file=.venv/runtime query")
    environment = {**os.environ, "JAVA_HOME": str(java_home(PROJECT / ".java")), "SPARK_LOCAL_IP": "127.0.0.1"}
    command = ["bash", "-e", "-c", commands]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows_in(printed: str) -> list[tuple[Any, ...]]:
    """The rows of answers in a text, their cells between tabs or the lines of a box."""
    lines = [[cell.strip() for cell in re.split(r"\t|│", line.strip("│"))] for line in printed.splitlines()]
    cells = [line for line in lines if len(line) == len(COLUMNS) and line[0].isdigit()]
    return [tuple(int(cell) if cell.isdigit() else cell for cell in line) for line in cells]


def rows_of(answer: Any) -> list[tuple[Any, ...]]:
    """The rows of an answer by rank, as Arrow, Polars or DuckDB has it; all columns."""
    if isinstance(answer, pa.Table):
        answer = pl.DataFrame(answer.sort_by("rank"))
    if isinstance(answer, pl.DataFrame):
        assert answer.columns == COLUMNS
        return answer.rows()
    return list(answer)


def ran(code: str) -> list[list[tuple[Any, ...]]]:
    names: dict[str, Any] = {}
    exec(compile(code, "snippet", "exec"), names)  # noqa: S102
    return [rows_of(names["latest"]), rows_of(names["earlier"])]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippet_reads_both_dates(snippet: Block, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = snippet.text.replace(PLACE, str(root))
    # It warns that a package of its own would plan a scan faster, which is not installed.
    monkeypatch.setenv("POLARS_ICEBERG_PLANNER", "pyiceberg")
    if snippet.language == "python":
        assert ran(text) == [LATEST, EARLIER]
    else:
        assert rows_in(typed(text)) == [*LATEST, *EARLIER]


def test_each_reader_has_a_snippet() -> None:
    texts = [parameter.values[0].text for parameter in SNIPPETS]  # type: ignore[union-attr]
    for reader in ("make query", "to_arrow", "duckdb.sql", "pl.scan_iceberg", "spark-sql"):
        assert any(reader in text for text in texts), reader
