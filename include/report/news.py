"""What a daily load has added to its base, as sentences."""

from __future__ import annotations

from include.report.model import Added, RunReport
from include.report.text import Nouns, counted, day

# The counts of late events, and what people call them.
LATE = {
    "up_to_1_days": "1 day",
    "up_to_7_days": "2 to 7 days",
    "up_to_30_days": "8 to 30 days",
    "up_to_365_days": "31 to 365 days",
    "later": "more than 365 days",
}


def sentences(report: RunReport, nouns: Nouns) -> list[str]:
    """Return what was new, a sentence each of events, sessions and files; none where there was no log to add to."""
    new = report.new
    if new is None:
        return []
    said = [_events(new, report.counts.records_read, nouns), _sessions(new)]
    if new.files_changed:
        said.append(f"Changed since they were taken in, and read again: {counted(len(new.files_changed), 'file')}.")
    if new.files_known:
        said.append(f"Taken in before, and not read again: {counted(len(new.files_known), 'file')}.")
    return [sentence for sentence in said if sentence]


def _events(new: Added, records: int, nouns: Nouns) -> str:
    base, twice = day(new.base_run_date), new.duplicates_rejected
    duplicates = f"{counted(twice, nouns.record)} rejected as {'a duplicate' if twice == 1 else 'duplicates'}"
    if not records:
        return f"Nothing was added to the log of {base}: there was no {nouns.record} to read."
    if not new.events_added:
        return (
            f"Nothing was added to the log of {base}: none of {counted(records, nouns.record)} was a new "
            f"{nouns.event}, {duplicates}."
        )
    late, most = new.late.events, new.late.most_days
    how_late = f"{late:,} of them late by up to {counted(most, 'day')}" if late else "none of them late"
    return f"{counted(new.events_added, nouns.event)} added to the log of {base}, {how_late}; {duplicates}."


def _sessions(new: Added) -> str:
    sessions, users = new.sessions, new.users_first_seen
    if sessions is None or users is None:
        return f"All sessions were cut again: those of {day(new.base_run_date)} had another gap."
    if not new.events_added:
        return ""
    return (
        f"{counted(sessions.opened, 'session')} opened, {sessions.extended:,} extended, "
        f"{sessions.joined:,} joined from several; {counted(users, 'user')} first seen."
    )
