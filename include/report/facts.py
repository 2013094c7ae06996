"""Gather what a report tells: the answer, and what the run's stages left in the lake about it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from include.event_logs import read_figures
from include.logs import log_behind, place
from include.records import read_record
from include.report.changes import changes, since_previous
from include.report.figures import listening_figures
from include.report.listeners import listener_groups
from include.report.news import news
from include.report.spread import song_spread
from spark_jobs.shared import marks
from spark_jobs.shared.errors import DamagedPartitionError
from spark_jobs.shared.lake import (
    ALTERNATIVE_SONGS,
    CHOSEN_LISTENS,
    LISTENERS,
    SESSIONS,
    TOP_SESSIONS,
    TOP_SONGS,
    Lake,
)
from spark_jobs.shared.lineage import Log, Part

CHECKS = ("check_listens", "check_sessions", "check_top_songs")
# The rows a stage has to read, among those the report counts; those of the last check are too few to tell anything.
INPUT_ROWS = {
    "data_quality": ("lines_read",),
    "check_listens": ("listens_kept",),
    "session_analysis": ("log_listens",),
    "check_sessions": ("sessions",),
    "ranking": ("sessions", "log_listens"),
}
# Where a run adds to a log, these look up what they need of it: what they read is told as a share of what it has.
LOG_ROWS = {
    "data_quality": ("log_listens",),
    "session_analysis": ("sessions", "log_listens"),
    "ranking": ("sessions", "log_listens"),
}
Rows = list[dict[str, Any]]


def report_facts(
    lake: Lake, run_date: date, parameters: dict[str, Any], seconds: dict[str, float | None]
) -> dict[str, Any]:
    """All that `report.json` holds, in the form that `report.schema.json` describes.

    Raises DamagedPartitionError when what it reads is not what the jobs published, or not of one log.
    """
    _check_partitions(lake, run_date, log_behind(lake, run_date))
    songs, sessions = _rows(lake, TOP_SONGS, run_date), _rows(lake, TOP_SESSIONS, run_date)
    facts = {
        "run_date": str(run_date),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": parameters,
        **_run_facts(lake, run_date, seconds),
        "top_songs": songs,
        "top_sessions": [{**session, "tracks_per_minute": _tracks_per_minute(session)} for session in sessions],
        "song_spread": song_spread(lake, run_date, songs),
        **listening_figures(lake, run_date, sessions),
        **_optional_facts(lake, run_date, songs),
    }
    return {**facts, "since_previous": since_previous(lake, run_date, facts)}


def _check_partitions(lake: Lake, run_date: date, log: Log) -> None:
    made = (SESSIONS, TOP_SESSIONS, TOP_SONGS, CHOSEN_LISTENS)
    needed = [*log.parts, *(Part(dataset, run_date, log.log_id) for dataset in made)]
    optional = [Part(dataset, run_date, log.log_id) for dataset in (ALTERNATIVE_SONGS, LISTENERS)]
    for part in (*needed, *(part for part in optional if place(lake, part).exists())):
        partition = place(lake, part)
        faults = marks.local_faults(partition, part.log_id) if partition.exists() else ["it is missing"]
        if faults:
            days = str(run_date)
            if part.run_date != run_date:
                days = f"all days from {part.run_date} to {run_date}, in order,"
            raise DamagedPartitionError(
                f"{partition} is not what a run published: {'; '.join(faults)}; run {days} again"
            )


def _run_facts(lake: Lake, run_date: date, seconds: dict[str, float | None]) -> dict[str, Any]:
    """What the records of the stages say."""
    quality = read_record(lake, "data_quality", run_date)
    analysis = read_record(lake, "session_analysis", run_date)
    checks = {check: read_record(lake, check, run_date) for check in CHECKS}
    rows = {**quality["rows"], "users": analysis["rows"]["users"], "sessions": analysis["rows"]["sessions"]}
    new = news(quality, analysis)
    # None of them is critical: such a one would have stopped the run before its report.
    degraded_because = [claim for check in checks.values() for claim in check["warning"]]
    return {
        "log_id": quality["lineage"]["log_id"],
        "verdict": "degraded" if degraded_because else "good",
        "degraded_because": degraded_because,
        "flags": [claim for check in checks.values() for claim in check["info"]],
        "input": {"path": quality["parameters"]["input_path"], **quality["input"]},
        "rows": rows,
        "log": quality["log"],
        "new": new,
        "quality_score": quality["quality_score"],
        "rejected": quality["rejected"],
        "warnings": quality["warnings"],
        "files": quality["files"],
        "first_listened_at": quality["first_listened_at"],
        "last_listened_at": quality["last_listened_at"],
        "stage_seconds": {stage: spent for stage, spent in seconds.items() if spent is not None},
        "spark": _spark_facts(
            lake, run_date, list(seconds), {**rows, "log_listens": quality["log"]["listens"]}, LOG_ROWS if new else {}
        ),
        "checks": {check: _check_facts(record) for check, record in checks.items()},
    }


def _spark_facts(
    lake: Lake, run_date: date, stages: list[str], rows: dict[str, int], log_rows: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Spark's own figures of those stages that kept them.

    `input_reads`: how many times over the rows of its input a stage has read, None where nobody counts them. For those
    in `log_rows` it is None too, and `log_share` says how many rows they have read by those of the log, 1 for as many.
    """
    found = {stage: figures for stage in stages if (figures := read_figures(lake, stage, run_date))}
    for stage, figures in found.items():
        of_input = sum(rows[name] for name in INPUT_ROWS.get(stage, ()) if stage not in log_rows)
        of_log = sum(rows[name] for name in log_rows.get(stage, ()))
        figures["input_reads"] = round(figures["input_records"] / of_input, 2) if of_input else None
        figures["log_share"] = round(figures["input_records"] / of_log, 4) if of_log else None
    return found


def _optional_facts(lake: Lake, run_date: date, songs: Rows) -> dict[str, Any]:
    """The answer under other definitions, and who listens: None where this run did not look."""
    ranking = read_record(lake, "ranking", run_date)
    profiles = ranking.get("profiles") or {"path": None, "problem": None}
    # A partition may be there from an earlier run of the date, which did look.
    alternatives = ranking.get("alternatives") or {}
    has_alternatives = alternatives.get("made", False)
    has_listeners = profiles["path"] is not None and profiles["problem"] is None
    return {
        "alternatives": _alternatives(lake, run_date, songs, alternatives) if has_alternatives else None,
        "listeners": listener_groups(_optional_rows(lake, LISTENERS, run_date)) if has_listeners else None,
        "profiles_problem": profiles["problem"],
    }


def _alternatives(lake: Lake, run_date: date, songs: Rows, record: dict[str, Any]) -> Rows:
    found = _optional_rows(lake, ALTERNATIVE_SONGS, run_date)
    # One without a song has no session that started in time. If none has a song, there is nothing to compare.
    rankings: dict[str, Rows] = {definition: [] for definition in record["definitions"] if found}
    for row in sorted(found, key=itemgetter("rank")):
        rankings[row.pop("definition")].append(row)
    return [
        {"definition": definition, "top_songs": ranking, **changes(songs, ranking)}
        for definition, ranking in rankings.items()
    ]


def _optional_rows(lake: Lake, dataset: str, run_date: date) -> Rows:
    """The rows of a small partition that need not be there."""
    return _rows(lake, dataset, run_date) if Path(lake.partition(dataset, run_date)).exists() else []


def _rows(lake: Lake, dataset: str, run_date: date) -> Rows:
    """The rows of a small partition; times as text."""
    rows = pq.read_table(lake.partition(dataset, run_date), partitioning=None).to_pylist()
    return [{name: _json_value(value) for name, value in row.items()} for row in rows]


def _json_value(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def _tracks_per_minute(session: dict[str, Any]) -> float:
    # As in the check of the sessions' shape: what is shorter than a minute counts as one.
    return round(session["track_count"] / max(session["duration_seconds"] / 60, 1), 2)


def _check_facts(record: dict[str, Any]) -> dict[str, Any]:
    statistics = [validation["statistics"] for validation in record["validations"]]
    return {
        "expectations": sum(part["evaluated_expectations"] for part in statistics),
        "met": sum(part["successful_expectations"] for part in statistics),
    }
