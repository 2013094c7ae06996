"""The three jobs as a test of a fault calls them, and what of the lake it looks at before and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from spark_jobs.data_quality import job as data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.shared import lineage, marks
from spark_jobs.shared.lake import (
    ALTERNATIVE_SONGS,
    CHOSEN_LISTENS,
    CHOSEN_SESSIONS,
    LISTENS,
    REJECTED_LISTENS,
    SESSIONS,
    TOP_SESSIONS,
    TOP_SONGS,
    Lake,
)
from tests.lake_reader import rows

MAINS: dict[str, Callable[[list[str]], None]] = {
    "data_quality": data_quality.main,
    "session_analysis": session_analysis.main,
    "ranking": ranking.main,
}
STAGES = tuple(MAINS)
# What each stage publishes.
MADE = {
    "data_quality": (REJECTED_LISTENS, LISTENS),
    "session_analysis": (SESSIONS,),
    "ranking": (TOP_SESSIONS, TOP_SONGS, ALTERNATIVE_SONGS, CHOSEN_SESSIONS, CHOSEN_LISTENS),
}
DATASETS = tuple(dataset for datasets in MADE.values() for dataset in datasets)


def arguments(stage: str, lake: Lake, day: date, log: Path) -> list[str]:
    """A job's command line."""
    common = ["--lake", lake.root, "--run-date", str(day)]
    return ["--input", str(log), *common] if stage == "data_quality" else common


def daily_arguments(stage: str, lake: Lake, day: date, arrived: Path) -> list[str]:
    """A job's command line for a daily load that folds at once: that is one more thing to fail in."""
    daily = ["--load", lineage.DAILY, "--fold-after", "1"] if stage == "data_quality" else []
    return [*arguments(stage, lake, day, arrived), *daily]


def contents(lake: Lake, day: date) -> dict[str, bytes]:
    """Every file of a date's partitions and records, hidden ones too."""
    directories = Path(lake.root).glob(f"*/run_date={day}")
    return {str(file): file.read_bytes() for folder in directories for file in folder.rglob("*") if file.is_file()}


def answers(lake: Lake, day: date) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every dataset of a date; rejected lines, alternatives and chosen listens have no order."""
    found = {dataset: rows(lake, dataset, day) for dataset in DATASETS}
    return {dataset: sorted(of_it, key=repr) for dataset, of_it in found.items()}


def not_whole(lake: Lake, day: date) -> dict[str, list[str]]:
    """What is wrong with the files of a date's partitions that are there."""
    partitions = {dataset: Path(lake.partition(dataset, day)) for dataset in DATASETS}
    found = {dataset: marks.local_faults(path) for dataset, path in partitions.items() if path.exists()}
    return {dataset: faults for dataset, faults in found.items() if faults}


def staged(lake: Lake) -> list[Path]:
    """What attempts have left, or are still writing."""
    staging = Path(lake.staging(""))
    return list(staging.iterdir()) if staging.exists() else []
