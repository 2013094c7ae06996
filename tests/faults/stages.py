"""The three jobs as a test of a fault calls them, and what of the lake it looks at before and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from spark_jobs.data_quality import job as data_quality
from spark_jobs.lake.published import load_all, tags_of
from spark_jobs.lake.published import published as read_published
from spark_jobs.lake.stamps import began_at
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests.lake_reader import MADE_BY, rows, rows_of

MAINS: dict[str, Callable[[list[str]], None]] = {
    "data_quality": data_quality.main,
    "session_analysis": session_analysis.main,
    "ranking": ranking.main,
}
STAGES = tuple(MAINS)
TABLES = [table for tables in MADE_BY.values() for table in tables]


def arguments(stage: str, lake: Lake, day: date, log: Path) -> list[str]:
    """A job's command line."""
    common = ["--lake", lake.root, "--log", "listening", "--run-date", str(day)]
    return ["--input", str(log), *common] if stage == "data_quality" else common


def daily_arguments(stage: str, lake: Lake, day: date, arrived: Path) -> list[str]:
    """A job's command line for a daily load."""
    daily = ["--load", loads.DAILY] if stage == "data_quality" else []
    return [*arguments(stage, lake, day, arrived), *daily]


def contents(lake: Lake, day: date) -> dict[str, Any]:
    """Every document of a date, hidden ones too, and what readers find in its tables."""
    return documents(lake, day) | published(lake, day)


def documents(lake: Lake, day: date) -> dict[str, bytes]:
    """Every document of a date, hidden ones too."""
    directories = Path(lake.root).glob(f"listening/*/run_date={day}")
    return {str(file): file.read_bytes() for folder in directories for file in folder.rglob("*") if file.is_file()}


def published(lake: Lake, day: date) -> dict[str, Any]:
    """The snapshots of a date that is published, and those that tables show by themselves."""
    with lake.catalog.open() as catalog:
        tables = load_all(catalog, "listening")
    return {name: (tags_of(table).get(day), table.metadata.current_snapshot_id) for name, table in tables.items()}


def rows_published(lake: Lake, day: date) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of a date as readers find them, all of one run, in no order."""
    with lake.catalog.open() as catalog:
        found = read_published(catalog, "listening", ANSWER.name, day)
    return {table.name: sorted(rows_of(lake, table, found.snapshots[table.name]), key=repr) for table in TABLES}


def branches(lake: Lake) -> set[str]:
    """Return the branches that tries of stages have begun."""
    with lake.catalog.open() as catalog:
        refs = [ref for table in load_all(catalog, "listening").values() for ref in table.metadata.refs]
    return {ref for ref in refs if began_at(ref)}


def answers(lake: Lake, day: date) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of a date, as its records tell of them, in no order."""
    return {table.name: sorted(rows(lake, table, day), key=repr) for table in TABLES}
