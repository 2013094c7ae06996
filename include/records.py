"""What each stage of a run tells about itself: one JSON file a stage."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from upath import UPath

from spark_jobs.shared.documents import DATA_QUALITY, RANKING, SESSION_ANALYSIS, write_record
from spark_jobs.shared.lake import LOG, Lake

# The stages that write tables, in order, and those that check what they wrote.
STAGES = (DATA_QUALITY, SESSION_ANALYSIS, RANKING)
CHECKS = ("check_listens", "check_sessions", "check_top_songs")


def read_report(lake: Lake, run_date: date) -> dict[str, Any]:
    """Return the facts of a run date's report; empty when there is none that can be read."""
    try:
        return json.loads((lake.report(run_date) / "report.json").read_bytes())
    except (OSError, ValueError):
        return {}


def previous_run_date(lake: Lake, run_date: date) -> date | None:
    """Return the last run date before this one that is published, None if there is none."""
    # Not above: every task of Airflow imports this module, and few of them look into tables.
    from spark_jobs.lake.listening import ANSWER
    from spark_jobs.lake.published import run_dates

    with lake.catalog.open() as catalog:
        return max((day for day in run_dates(catalog, LOG, ANSWER.name) if day < run_date), default=None)


def keep_record_of_try(record: UPath, lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Make the record that a try has left the stage's record, and return it."""
    found: dict[str, Any] = json.loads(record.read_bytes())
    write_record(lake.stage_record(stage, run_date), found)
    return found
