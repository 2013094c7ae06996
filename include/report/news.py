"""What a daily load has added to its base: the counts, and as sentences."""

from __future__ import annotations

from typing import Any

from include.report.text import counted, day
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord

Facts = dict[str, Any]
# The record's counts of late listens, and what people call them.
LATE = {
    "up_to_1_days": "1 day",
    "up_to_7_days": "2 to 7 days",
    "up_to_30_days": "8 to 30 days",
    "up_to_365_days": "31 to 365 days",
    "later": "more than 365 days",
}


def news(quality: DataQualityRecord, analysis: SessionAnalysisRecord) -> Facts | None:
    """What was new, from the records of the two stages that found it; None where there was no log to add to.

    What came of sessions and users is None where all sessions were cut again, as they are with another gap.
    """
    if quality.base is None or quality.new is None:
        return None
    made, late = analysis.new, quality.new.late.model_dump()
    return {
        "base_run_date": str(quality.base.run_date),
        "listens_added": quality.counts.events_accepted,
        "duplicates_rejected": quality.rejected["duplicate"],
        "late": {"listens": late.pop("events"), **late},
        "sessions": made.model_dump(exclude={"users_first_seen"}) if made else None,
        "users_first_seen": made.users_first_seen if made else None,
        "files_changed": list(quality.new.files_changed),
        "files_known": list(quality.new.files_known),
    }


def sentences(facts: Facts) -> list[str]:
    """What was new, a sentence each of listens, sessions and files; nothing where there was no log to add to."""
    new = facts["new"]
    if new is None:
        return []
    said = [_listens(new, facts["rows"]["lines_read"]), _sessions(new)]
    if new["files_changed"]:
        said.append(f"Changed since they were taken in, and read again: {counted(len(new['files_changed']), 'file')}.")
    if new["files_known"]:
        said.append(f"Taken in before, and not read again: {counted(len(new['files_known']), 'file')}.")
    return [sentence for sentence in said if sentence]


def _listens(new: Facts, lines: int) -> str:
    base, twice = day(new["base_run_date"]), new["duplicates_rejected"]
    duplicates = f"{counted(twice, 'line')} rejected as {'a duplicate' if twice == 1 else 'duplicates'}"
    if not lines:
        return f"Nothing was added to the log of {base}: there was no line to read."
    if not new["listens_added"]:
        return (
            f"Nothing was added to the log of {base}: none of {counted(lines, 'line')} was a new listen, {duplicates}."
        )
    late, most = new["late"]["listens"], new["late"]["most_days"]
    how_late = f"{late:,} of them late by up to {counted(most, 'day')}" if late else "none of them late"
    return f"{counted(new['listens_added'], 'listen')} added to the log of {base}, {how_late}; {duplicates}."


def _sessions(new: Facts) -> str:
    sessions, users = new["sessions"], new["users_first_seen"]
    if sessions is None:
        return f"All sessions were cut again: those of {day(new['base_run_date'])} had another gap."
    if not new["listens_added"]:
        return ""
    return (
        f"{counted(sessions['opened'], 'session')} opened, {sessions['extended']:,} extended, "
        f"{sessions['joined']:,} joined from several; {counted(users, 'user')} first seen."
    )
