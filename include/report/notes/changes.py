"""What changed most since the answer before.

A value counts if at least FEWEST users, sessions or page views stand behind it in both answers. Daily active users are
compared for each day that both answers have: only late records change them. The largest change counts first, as a part
of the value before; of each segment, version and day, and of the whole, only its largest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from include.report.notes.model import Change, NotesReport, SincePrevious
from include.report.previous import other_parameters, report_before
from spark_jobs.shared.lake import Lake

FEWEST, CHANGES = 30, 3
# The parameters that two answers must share to be compared without a word.
METHOD = ("session_gap_minutes", "minimum_quality_score")
# The weeks whose retention, of all cohorts together, is compared.
WEEKS = (1, 4)


class Key(NamedTuple):
    """What a value is of: the whole log or a part of it, and a measure."""

    kind: str
    subject: str
    measure: str


class Value(NamedTuple):
    """A value, and how many users, sessions or page views stand behind it."""

    value: float
    backed_by: int


def since_previous(lake: Lake, now: NotesReport) -> SincePrevious | None:
    """Return an answer against that of the last earlier run date; None where there is none that can be read."""
    then = report_before(lake, now.run_date, NotesReport)
    if then is None:
        return None
    return SincePrevious(
        run_date=then.run_date,
        parameters=other_parameters(then, now, METHOD),
        verdict=then.verdict,
        quality_score=then.quality_score,
        summary=then.summary,
        changes=largest_changes(then, now),
    )


def largest_changes(then: NotesReport, now: NotesReport) -> tuple[Change, ...]:
    """Return the CHANGES largest changes from one answer to another."""
    before, after = dict(values(then)), dict(values(now))
    found = [
        _change(key, before[key].value, after[key].value)
        for key in after
        if key in before and _has_changed(before[key], after[key])
    ]
    by_size = sorted(found, key=lambda one: (-_size(one), one.kind, one.subject, one.measure))
    by_subject = {(one.kind, one.subject): one for one in reversed(by_size)}
    return tuple(one for one in by_size if by_subject[one.kind, one.subject] is one)[:CHANGES]


def values(report: NotesReport) -> Iterator[tuple[Key, Value]]:
    """Yield the values of an answer that may be compared with those of another one."""
    yield from _whole(report)
    for one in report.segments:
        yield from _known(one.kind, one.segment, "mean_duration_seconds", one.mean_duration_seconds, one.sessions)
        yield from _known(one.kind, one.segment, "bounce_rate", one.bounce_rate, one.sessions)
    for version in report.load_times:
        yield from _known("version", version.app_version, "p95_ms", version.p95_ms, version.count)
    for day in report.daily_engagement:
        yield Key("day", str(day.day), "dau"), Value(day.dau, day.dau)


def _whole(report: NotesReport) -> Iterator[tuple[Key, Value]]:
    found, sessions = report.summary, report.all_sessions
    yield Key("whole", "", "wau_7d"), Value(found.wau_7d, found.wau_7d)
    yield Key("whole", "", "mau_28d"), Value(found.mau_28d, found.mau_28d)
    yield from _known("whole", "", "stickiness", found.stickiness, found.mau_28d)
    yield from _known("whole", "", "bounce_rate", found.bounce_rate, found.sessions)
    yield from _known("whole", "", "mean_duration_seconds", sessions.mean_duration_seconds, sessions.sessions)
    for one in report.average_retention:
        if one.week in WEEKS:
            yield Key("whole", "", f"week_{one.week}_retention"), Value(one.rate_in, one.size)


def _known(kind: str, subject: str, measure: str, value: float | None, backed_by: int) -> Iterator[tuple[Key, Value]]:
    if value is not None:
        yield Key(kind, subject, measure), Value(value, backed_by)


def _has_changed(before: Value, now: Value) -> bool:
    return before.value != now.value and min(before.backed_by, now.backed_by) >= FEWEST


def _change(key: Key, before: float, now: float) -> Change:
    part = (now - before) / before if before else None
    return Change.model_validate({**key._asdict(), "before": before, "now": now, "change": part})


def _size(change: Change) -> float:
    """From nothing to something is the largest change."""
    return float("inf") if change.change is None else abs(change.change)
