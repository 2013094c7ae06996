"""Gather what a report tells: the answer, and what the run's stages left in the lake about it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any, cast

from include.report.changes import changes, since_previous
from include.report.figures import listening_figures
from include.report.listeners import listener_groups
from include.report.news import news
from include.report.scan import RunTables, tables_of
from include.report.spread import song_spread
from spark_jobs.lake.tables import Table
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, LISTENERS, TOP_SESSIONS, TOP_SONGS
from spark_jobs.shared.documents import read_publication
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord
from spark_jobs.shared.records import CheckRecord, Counts, StageRecord

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

    Raises NotPublishedError where no run of the date is published, MissingRecordError or OtherRecordError where what
    that has left is gone.
    """
    with tables_of(lake, run_date) as tables:
        left = read_publication(lake, run_date, tables.run.snapshots)
        songs, sessions = _rows(tables, TOP_SONGS, "rank"), _rows(tables, TOP_SESSIONS, "rank")
        facts = {
            "run_date": str(run_date),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "run_id": tables.run.run_id,
            "snapshots": dict(sorted(tables.run.snapshots.items())),
            "parameters": parameters,
            **_run_facts(left, seconds),
            "top_songs": songs,
            "top_sessions": [{**session, "tracks_per_minute": _tracks_per_minute(session)} for session in sessions],
            "song_spread": song_spread(tables, songs),
            **listening_figures(tables, sessions),
            **_optional_facts(cast("RankingRecord", left.answers), tables, songs),
        }
    return {**facts, "since_previous": since_previous(lake, run_date, facts)}


def _run_facts(left: PublicationRecord[StageRecord], seconds: dict[str, float | None]) -> dict[str, Any]:
    """What the records of the stages say."""
    quality, analysis, checks = left.data_quality, left.session_analysis, left.checks
    rows = {**_counts(quality.counts), "users": analysis.users, "sessions": analysis.sessions}
    new = news(quality, analysis)
    # One that is critical stops a run before its report, but for a run that a person has published after all.
    critical = [claim for check in checks.values() for claim in (*check.critical, *check.errors)]
    degraded_because = [*critical, *(claim for check in checks.values() for claim in check.warning)]
    decision = left.decision
    return {
        "published_by_hand": {**decision.model_dump(), "at": decision.at.isoformat()} if decision else None,
        "verdict": "degraded" if degraded_because else "good",
        "degraded_because": degraded_because,
        "flags": [claim for check in checks.values() for claim in check.info],
        "input": {"path": quality.parameters.input_path, **quality.input.model_dump()},
        "rows": rows,
        "log": {
            "listens": quality.log.events,
            "first_listened_at": _json_value(quality.log.first_event_at),
            "last_listened_at": _json_value(quality.log.last_event_at),
        },
        "new": new,
        "quality_score": quality.quality_score,
        "rejected": quality.rejected,
        "warnings": quality.warnings,
        "files": [{"file": file.file, "bytes": file.bytes, **_counts(file)} for file in quality.files],
        "first_listened_at": _json_value(quality.first_event_at),
        "last_listened_at": _json_value(quality.last_event_at),
        "stage_seconds": {stage: spent for stage, spent in seconds.items() if spent is not None},
        "spark": _spark_facts(
            {stage: left.spark[stage].model_dump() for stage in seconds if stage in left.spark},
            {**rows, "log_listens": quality.log.events},
            LOG_ROWS if new else {},
        ),
        "checks": {check: _check_facts(record) for check, record in checks.items()},
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "lines_read": counts.records_read,
        "listens_kept": counts.events_accepted,
        "lines_rejected": counts.records_rejected,
    }


def _spark_facts(
    found: dict[str, dict[str, Any]], rows: dict[str, int], log_rows: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Spark's own figures of those stages that kept them, and what they come to.

    `input_reads`: how many times over the rows of its input a stage has read, None where nobody counts them. For those
    in `log_rows` it is None too, and `log_share` says how many rows they have read by those of the log, 1 for as many.
    """
    for stage, figures in found.items():
        of_input = sum(rows[name] for name in INPUT_ROWS.get(stage, ()) if stage not in log_rows)
        of_log = sum(rows[name] for name in log_rows.get(stage, ()))
        figures["input_reads"] = round(figures["input_records"] / of_input, 2) if of_input else None
        figures["log_share"] = round(figures["input_records"] / of_log, 4) if of_log else None
    return found


def _optional_facts(ranking: RankingRecord, tables: RunTables, songs: Rows) -> dict[str, Any]:
    """The answer under other definitions, and who listens: None where this run did not look."""
    profiles, alternatives = ranking.profiles, ranking.alternatives
    # Without them, the table has no rows.
    has_listeners = profiles.path is not None and profiles.problem is None
    return {
        "alternatives": _alternatives(tables, songs, alternatives.definitions) if alternatives.made else None,
        "listeners": listener_groups(_rows(tables, LISTENERS, "user_id")) if has_listeners else None,
        "profiles_problem": profiles.problem,
    }


def _alternatives(tables: RunTables, songs: Rows, definitions: tuple[str, ...]) -> Rows:
    found = _rows(tables, ALTERNATIVE_SONGS, "rank")
    # One without a song has no session that started in time. If none has a song, there is nothing to compare.
    rankings: dict[str, Rows] = {definition: [] for definition in definitions if found}
    for row in found:
        rankings[row.pop("definition")].append(row)
    return [
        {"definition": definition, "top_songs": ranking, **changes(songs, ranking)}
        for definition, ranking in rankings.items()
    ]


def _rows(tables: RunTables, table: Table, order: str) -> Rows:
    """The rows of a small table in the order of a column; times as text."""
    rows = sorted(tables.rows(table).to_pylist(), key=itemgetter(order))
    return [{name: _json_value(value) for name, value in row.items()} for row in rows]


def _json_value(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def _tracks_per_minute(session: dict[str, Any]) -> float:
    # As in the check of the sessions' shape: what is shorter than a minute counts as one.
    return round(session["track_count"] / max(session["duration_seconds"] / 60, 1), 2)


def _check_facts(record: CheckRecord) -> dict[str, Any]:
    return {
        "expectations": sum(part.expectations for part in record.validations),
        "met": sum(part.met for part in record.validations),
    }
