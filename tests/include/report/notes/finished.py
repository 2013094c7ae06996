"""Lakes in which every stage of a run of `notes` has left what its report is made from, without running one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from include.report.build import build_report, make_report
from include.report.notes.model import NotesReport
from include.report.run_facts import Asked
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.notes_model import Interaction, Session, User, answers, sessions_of
from tests.notes_rows import D
from tests.published import leave_record, publish_tables, run_id_of, write_tables
from tests.records import counted

PARAMETERS: dict[str, Any] = {"session_gap_minutes": 30, "minimum_quality_score": 95}
SECONDS = {"check_input": None, "data_quality": 12.5, "session_analysis": 4.0, "engagement": 7.5}
Counts = Mapping[str, Mapping[str, int]]
Tables = Mapping[str, list[dict[str, Any]]]


def finish(
    lake: Lake,
    interactions: Sequence[Interaction] = (),
    users: Sequence[User] = (),
    run_date: date = D,
    rejected: Counts = {},  # noqa: B006
    warnings: Counts = {},  # noqa: B006
) -> None:
    """Publish a full load of these rows; its answers are those of the model. `rejected` and `warnings`: by kind."""
    sessions = sessions_of(interactions, users)
    tables = {**answers(list(interactions), list(users), run_date), "session_outcomes": outcomes(sessions)}
    finish_tables(lake, tables, run_date, rejected, warnings)


def finish_tables(
    lake: Lake,
    tables: Tables,
    run_date: date = D,
    rejected: Counts = {},  # noqa: B006
    warnings: Counts = {},  # noqa: B006
) -> None:
    """Publish a full load whose answers are these tables."""
    snapshots = write_tables(lake, run_date, tables)
    for stage, record in _records(tables, rejected, warnings).items():
        leave_record(lake, stage, run_date, {**record, "run_id": run_id_of(run_date)})
    for check in lake.contract.checks:
        leave_record(lake, check, run_date, {"validations": [{"suite": "a suite", "expectations": 5, "met": 5}]})
    publish_tables(lake, run_date, snapshots)


def outcomes(sessions: Sequence[Session]) -> list[dict[str, Any]]:
    """The rows of `session_outcomes`."""
    return [
        {
            "session_id": f"{one.user_id} {one.started_at}",
            "user_id": one.user_id,
            "started_at": one.started_at,
            "ended_at": one.ended_at,
            "duration_seconds": None if one.duration is None else one.duration.total_seconds(),
            "interaction_count": len(one.run),
            "active_seconds": one.active.total_seconds(),
            "country": one.country,
            "device_type": one.device_type,
            "subscription_type": one.subscription_type,
            "is_bounced": one.is_bounced,
        }
        for one in sessions
    ]


def _records(tables: Tables, rejected: Counts, warnings: Counts) -> dict[str, dict[str, Any]]:
    sessions = tables["session_outcomes"]
    accepted = {"interactions": sum(one["interaction_count"] for one in sessions), "users": 4}
    of_each = {
        kind.name: dict.fromkeys(kind.reason_names, 0) | dict(rejected.get(kind.name, {})) for kind in NOTES.kinds
    }
    counts = {
        kind: counted(accepted[kind] + sum(reasons.values()), accepted[kind], sum(reasons.values()))
        for kind, reasons in of_each.items()
    }
    times = [time for one in sessions for time in (one["started_at"], one["ended_at"])]
    ends = {"first_event_at": min(times, default=None), "last_event_at": max(times, default=None)}
    quality = {
        "parameters": {"input_path": "/logs/notes", "load": "full"},
        "input": {"files": 2, "bytes": 99},
        "counts": counts["interactions"],
        "quality_score": 99.5,
        "rejected": of_each["interactions"],
        "others": {
            "users": {
                "counts": counts["users"],
                "rejected": of_each["users"],
                "warnings": {},
                "replaced": 0,
                "log": {"events": accepted["users"], "first_event_at": None, "last_event_at": None},
            }
        },
        "log_warnings": {
            kind.name: dict.fromkeys(kind.warning_names, 0) | dict(warnings.get(kind.name, {})) for kind in NOTES.kinds
        },
        "log": {"events": accepted["interactions"], **ends},
        **ends,
    }
    users = len({one["user_id"] for one in sessions})
    analysis = {"parameters": {"session_gap_minutes": 30}, "users": users, "sessions": len(sessions)}
    return {"data_quality": quality, "session_analysis": analysis, "engagement": {}}


def made(lake: Lake, run_date: date = D, parameters: dict[str, Any] = PARAMETERS) -> NotesReport:
    """Return the report of this lake; draw and write nothing."""
    return make_report(lake, Asked(run_date, parameters, SECONDS))


def leave_facts(lake: Lake, run_date: date, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Write a report's JSON alone, for a later run date to compare with, and return its path."""
    path = Path(lake.report(run_date)) / "report.json"
    replace_file(path, made(lake, run_date, parameters).model_dump_json())
    return path


def report(lake: Lake, run_date: date = D, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Build the report and return its directory."""
    return Path(build_report(lake, run_date, parameters, SECONDS))
