"""Records of stages and checks that say nothing, but for what a test lets them say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from spark_jobs.contract import LogContract
from spark_jobs.shared.records import CheckRecord, Counts, StageRecord, record_of

NO_TIMES = {"first_event_at": None, "last_event_at": None}
NO_LATE = dict.fromkeys(
    ("events", "most_days", "up_to_1_days", "up_to_7_days", "up_to_30_days", "up_to_365_days", "later"), 0
)
NOTHING: dict[str, dict[str, Any]] = {
    "data_quality": {
        "parameters": {"input_path": "/logs/day.tsv", "load": "full"},
        "base": None,
        "added": 0,
        "input": {"files": 0, "bytes": 0},
        "counts": {"records_read": 0, "events_accepted": 0, "records_rejected": 0},
        "quality_score": 100,
        "rejected": {},
        "warnings": {},
        **NO_TIMES,
        "log": {"events": 0, **NO_TIMES},
        "others": {},
        "log_warnings": {},
        "unnamed_fields": {},
        "masking_key": "",
        "new": None,
        "files": [],
        "left_out": [],
        "inputs": [],
    },
    "session_analysis": {
        "parameters": {"session_gap_minutes": 20},
        "events_read": 0,
        "sessions": 0,
        "users": 0,
        "longest_session_events": 0,
        "implausible_sessions": 0,
        "new": None,
    },
    "ranking": {
        "parameters": {"top_sessions": 50, "top_songs": 10, "session_gap_minutes": 20, "window_days": None},
        "top_sessions": 0,
        "top_songs": 0,
        "listeners": 0,
        "alternatives": {"made": False, "definitions": [], "seconds": 0},
        "profiles": {"path": None, "problem": None},
    },
    "conversion": {
        "parameters": {"session_gap_minutes": 30},
        **dict.fromkeys(("sessions", "days", "products", "customers"), 0),
    },
    "engagement": {"parameters": {"session_gap_minutes": 30}, "sessions": 0, "rows": {}, "flagged": 0},
}
CHECKED = {"success": True, "critical": [], "warning": [], "info": [], "errors": [], "validations": []}
# What Spark measured of a stage that did nothing.
NO_COSTS = {
    "application_id": "local-1",
    "slowest_stages": [],
    **dict.fromkeys(("jobs", "stages", "tasks", "failed_tasks", "input_bytes", "input_records"), 0),
    **dict.fromkeys(("shuffle_bytes_written", "shuffle_bytes_read", "spilled_memory_bytes", "spilled_disk_bytes"), 0),
    **dict.fromkeys(("peak_execution_memory_bytes", "seconds", "executor_run_seconds", "executor_cpu_seconds"), 0),
    "gc_share": 0,
}


def counted(read: int, accepted: int, rejected: int) -> Counts:
    """What became of so many records."""
    return Counts(records_read=read, events_accepted=accepted, records_rejected=rejected)


def based_on(run_date: date, snapshots: Mapping[str, int]) -> dict[str, Any]:
    """What the record of a daily load says of its base."""
    return {"run_date": run_date, "run_id": f"run {run_date}", "snapshots": dict(snapshots)}


def told(log: LogContract, stage: str, run_date: date, record: Mapping[str, Any]) -> StageRecord | CheckRecord:
    """The record of a stage or a check that says nothing but this; of a part too, what is not given says nothing."""
    common = {"stage": stage, "run_date": run_date, "snapshots": {}}
    if stage in log.checks:
        return CheckRecord.model_validate({**common, **CHECKED, **record})
    nothing = {**common, "run_id": f"run {run_date}", "made_from": {}, "seconds": 0, **NOTHING[stage]}
    parts = {
        name: {**nothing[name], **part}
        for name, part in record.items()
        if isinstance(part, dict) and isinstance(nothing.get(name), dict)
    }
    return record_of(log, stage).model_validate({**nothing, **record, **parts})
