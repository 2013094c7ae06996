"""What each stage of a run tells about itself: one JSON file a stage."""

from __future__ import annotations

import json
import os
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from spark_jobs.shared.lake import Lake, date_of


def read_record(lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Return the record a stage left; raises FileNotFoundError if it left none."""
    path = Path(lake.stage_record(stage, run_date))
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; run the stage {stage} for {run_date} first")
    return json.loads(path.read_bytes())


def read_report(lake: Lake, run_date: date) -> dict[str, Any]:
    """Return the facts of a run date's report; empty when there is none that can be read."""
    try:
        return json.loads((Path(lake.report(run_date)) / "report.json").read_bytes())
    except (OSError, ValueError):
        return {}


def previous_run_date(lake: Lake, run_date: date) -> date | None:
    """Return the last run date before this one that has a report, None if there is none."""
    reports = Path(lake.report(run_date)).parent.glob("run_date=*/report.json")
    earlier = [found for report in reports if (found := date_of(report.parent.name)) and found < run_date]
    return max(earlier, default=None)


def write_record(lake: Lake, stage: str, run_date: date, record: dict[str, Any]) -> None:
    """Leave a stage's record in place of the one before, whole or not at all."""
    path = Path(lake.stage_record(stage, run_date))
    text = json.dumps({"stage": stage, "run_date": str(run_date), **record}, indent=2, ensure_ascii=False)
    replace_file(path, text)


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
