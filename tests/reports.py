"""Reports of `listening` that say nothing, but for what a test lets them say."""

from __future__ import annotations

from datetime import date
from typing import Any

from upath import UPath

from include.report.listening.model import ListeningReport
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from tests.records import NO_TIMES

NOTHING: dict[str, Any] = {
    "made_at": "2026-01-02T00:00:00Z",
    "run_id": "a run",
    "snapshots": {},
    "published_by_hand": None,
    "verdict": "good",
    "degraded_because": [],
    "flags": [],
    "parameters": {},
    "input": {"path": "/logs/day.tsv", "files": 0, "bytes": 0},
    "counts": {"records_read": 0, "events_accepted": 0, "records_rejected": 0, "users": 0, "sessions": 0},
    "log": {"events": 0, **NO_TIMES},
    "new": None,
    "quality_score": 100,
    "rejected": [],
    "warnings": [],
    "files": [],
    **NO_TIMES,
    "stage_seconds": {},
    "spark": {},
    "checks": {},
    "top_songs": [],
    "top_sessions": [],
    "song_spread": [],
    "over_time": {"period": "day", "periods": [], "earlier": None, "later": None},
    "by_weekday": [[0] * 24] * 7,
    "session_lengths": [],
    "alternatives": None,
    "listeners": None,
    "profiles_problem": None,
    "since_previous": None,
}
SONG = {"rank": 1, "artist_name": "A", "track_name": "b", "play_count": 1, "session_count": 1, "listener_count": 1}


def leave_report(lake: Lake, run_date: date, **said: Any) -> UPath:
    """Write the JSON of a report as a run leaves it, and return the directory of the report."""
    directory = lake.report(run_date)
    found = ListeningReport.model_validate({**NOTHING, "run_date": run_date, **said})
    write_record(directory / "report.json", found)
    return directory
