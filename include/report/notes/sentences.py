"""What the report says of the answers in sentences: the page and the chat say the same."""

from __future__ import annotations

from datetime import date

from include.report.notes.model import Change, Measured, NotesReport
from include.report.notes.words import METRICS, measured, milliseconds, segment_name
from include.report.numbers import percent, seconds
from include.report.text import counted, day

_MEASURES = {
    "wau_7d": "The number of users active in 7 days",
    "mau_28d": "The number of users active in 28 days",
    "stickiness": "Stickiness",
    "week_1_retention": "Retention in week 1",
    "week_4_retention": "Retention in week 4",
    "mean_duration_seconds": "The mean session",
    "bounce_rate": "The bounce rate",
    "p95_ms": "The 95th percentile of load times",
    "dau": "The number of active users",
}
_COUNTS = ("wau_7d", "mau_28d", "dau")


def lead(report: NotesReport) -> str:
    """Return the answer in one sentence."""
    found = report.summary
    if not found.days:
        return "There is no interaction in this log up to the run date."
    if not found.mau_28d:
        return f"No user was active in the 28 days up to {day(report.run_date)}."
    return (
        f"{counted(found.dau, 'user')} {'was' if found.dau == 1 else 'were'} active on {day(report.run_date)}: "
        f"{percent(found.stickiness)} of the {found.mau_28d:,} active in 28 days."
    )


def unusual(report: NotesReport, on: date | None = None) -> list[Measured]:
    """Return the flagged metrics of the report, or of one day, the latest first."""
    found = [one for one in report.anomalies if one.flagged and on in (None, one.day)]
    return sorted(found, key=lambda one: one.day, reverse=True)


def unusual_says(one: Measured) -> str:
    """Return what is unusual about a metric of a day."""
    value, mean = (measured(one.metric, number) for number in (one.value, one.mean))
    off = f"{abs(one.z):.1f} standard deviations {'above' if one.z > 0 else 'below'}" if one.z else "other than"
    return f"{METRICS[one.metric]} on {day(one.day)}: {value}, {off} the mean of the 28 days before, {mean}."


def change_says(change: Change) -> str:
    """Return a change as a sentence."""
    verb = "rose" if change.now > change.before else "fell"
    before, now = (_value(change, value) for value in (change.before, change.now))
    by = f" by {abs(change.change):.1%}" if change.change is not None else ""
    return f"{_MEASURES[change.measure]}{_of(change)} {verb}{by}, from {before} to {now}."


def _of(change: Change) -> str:
    match change.kind:
        case "whole":
            return ""
        case "version":
            return f" of version {change.subject}"
        case "day":
            return f" on {day(date.fromisoformat(change.subject))}"
    return f" of the {change.kind} {segment_name(change.kind, change.subject)}"


def _value(change: Change, value: float) -> str:
    if change.measure in _COUNTS:
        return f"{value:,.0f}"
    if change.measure == "p95_ms":
        return milliseconds(value)
    return seconds(value) if change.measure == "mean_duration_seconds" else percent(value)
