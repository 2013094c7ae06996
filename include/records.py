"""What each stage of a run tells about itself: one JSON file a stage."""

from __future__ import annotations

import json
import os
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from spark_jobs.shared.lake import Lake

# The stages that write tables, in order, and those that check what they wrote.
STAGES = ("data_quality", "session_analysis", "ranking")
CHECKS = ("check_listens", "check_sessions", "check_top_songs")


def read_report(lake: Lake, run_date: date) -> dict[str, Any]:
    """Return the facts of a run date's report; empty when there is none that can be read."""
    try:
        return json.loads((Path(lake.report(run_date)) / "report.json").read_bytes())
    except (OSError, ValueError):
        return {}


def previous_run_date(lake: Lake, run_date: date) -> date | None:
    """Return the last run date before this one that is published, None if there is none."""
    # Not above: every task of Airflow imports this module, and few of them look into tables.
    from spark_jobs.lake.listening import ANSWER, NAMESPACE
    from spark_jobs.lake.published import run_dates

    with lake.catalog.open() as catalog:
        return max((day for day in run_dates(catalog, NAMESPACE, ANSWER.name) if day < run_date), default=None)


def keep_record_of_try(record: Path, lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Make the record that a try has left the stage's record, and return it."""
    found: dict[str, Any] = json.loads(record.read_bytes())
    os.replace(record, lake.stage_record(stage, run_date))
    return found


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never a part."""
    replace_files(path.parent, {path.name: text})


def replace_files(directory: Path, texts: dict[str, str]) -> None:
    """Write files by their names, all or none: while the last one is there, they are all of one call."""
    directory.mkdir(parents=True, exist_ok=True)
    staged = {name: directory / f".{name}.{uuid.uuid4().hex}" for name in texts}
    try:
        for name, text in texts.items():
            staged[name].write_text(text, encoding="utf-8", newline="")
        if len(texts) > 1:
            (directory / list(texts)[-1]).unlink(missing_ok=True)
        for name, file in staged.items():
            os.replace(file, directory / name)
    finally:
        for file in staged.values():
            file.unlink(missing_ok=True)
