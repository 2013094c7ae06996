"""The report names what changed most since the answer before, by a rule that it states."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from include.report.notes.changes import largest_changes, since_previous
from include.report.notes.model import LoadTimes, NotesReport, Segment
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.conftest import small_notes
from tests.include.report.notes.finished import PARAMETERS, finish, leave_facts, made
from tests.include.report.notes.test_pictures import some_average, some_day
from tests.notes_rows import D

YESTERDAY = D - timedelta(days=1)
Told = Callable[..., NotesReport]


@pytest.fixture
def told(nothing: NotesReport) -> Told:
    """Make a report with 100 users in 28 days, 40 in 7, and 100 sessions, but for what it is told."""

    def told(**more: Any) -> NotesReport:
        numbers = {"wau_7d": 40, "mau_28d": 100, "stickiness": 0.2, "sessions": 100, "bounce_rate": 0.5}
        summary = nothing.summary.model_copy(update={**numbers, **more.pop("summary", {})})
        return nothing.model_copy(update={"summary": summary, **more})

    return told


def country(name: str, mean: float, sessions: int = 30) -> Segment:
    counts = {"users": 5, "sessions": sessions, "mean_duration_seconds": mean, "bounce_rate": None}
    return Segment(kind="country", segment=name, **counts)


def version(name: str, p95: float | None, count: int = 30) -> LoadTimes:
    return LoadTimes(app_version=name, count=count, p50_ms=1, p95_ms=p95, p99_ms=None)


def changed(then: NotesReport, now: NotesReport) -> list[tuple[Any, ...]]:
    return [(one.kind, one.subject, one.measure, one.before, one.now) for one in largest_changes(then, now)]


def test_largest_relative_change_is_first(told: Told) -> None:
    before = told(segments=(country("DE", 10), country("FR", 10)), load_times=(version("1.0.0", 100),))
    now = told(segments=(country("DE", 15), country("FR", 8)), load_times=(version("1.0.0", 130),))
    assert changed(before, now) == [
        ("country", "DE", "mean_duration_seconds", 10, 15),
        ("version", "1.0.0", "p95_ms", 100, 130),
        ("country", "FR", "mean_duration_seconds", 10, 8),
    ]


def test_whole_log_has_only_its_largest_change(told: Told) -> None:
    now = told(summary={"wau_7d": 41, "mau_28d": 130, "bounce_rate": 0.4})
    assert changed(told(), now) == [("whole", "", "mau_28d", 100, 130)]


@pytest.mark.parametrize(("sessions", "changes"), [(29, 0), (30, 1)])
def test_few_sessions_are_not_compared(told: Told, sessions: int, changes: int) -> None:
    few, many = told(segments=(country("DE", 5, sessions),)), told(segments=(country("DE", 10),))
    assert len(largest_changes(many, few)) == len(largest_changes(few, many)) == changes


def test_day_that_both_have_is_compared(told: Told) -> None:
    before = told(daily_engagement=(some_day(1, 30),))
    now = told(daily_engagement=(some_day(0, 90), some_day(1, 33)))
    assert changed(before, now) == [("day", str(YESTERDAY), "dau", 30, 33)]


def test_retention_of_some_weeks_is_compared(told: Told) -> None:
    before = told(average_retention=tuple(some_average(week, 0.5) for week in (0, 1, 2)))
    now = told(average_retention=tuple(some_average(week, 0.4) for week in (0, 1, 2)))
    assert changed(before, now) == [("whole", "", "week_1_retention", 0.5, 0.4)]


def test_what_is_unknown_is_not_compared(told: Told) -> None:
    assert changed(told(load_times=(version("1.0.0", None),)), told(load_times=(version("1.0.0", 5),))) == []


def test_report_compares_with_the_latest_earlier_date(notes: Lake) -> None:
    log = small_notes()
    for run_date, parameters in ((date(2024, 5, 3), {}), (YESTERDAY, {"session_gap_minutes": 20})):
        finish(notes, log.interactions, log.users, run_date)
        leave_facts(notes, run_date, {**PARAMETERS, **parameters})
    finish(notes, log.interactions, log.users)
    found = made(notes).since_previous
    assert found is not None
    assert (found.run_date, found.parameters) == (YESTERDAY, {"session_gap_minutes": (20, 30)})
    assert (found.verdict, found.quality_score, found.summary.sessions, found.changes) == ("good", 99.5, 6, ())


def test_unreadable_earlier_report_costs_only_the_comparison(notes: Lake, caplog: pytest.LogCaptureFixture) -> None:
    finish(notes, run_date=YESTERDAY)
    leave_facts(notes, YESTERDAY).write_text("{}")
    finish(notes)
    with caplog.at_level(logging.WARNING):
        found = made(notes)
    assert found.since_previous is None
    assert "no comparison with 2024-05-09" in caplog.text
    assert since_previous(notes, found.model_copy(update={"run_date": date(2024, 5, 1)})) is None
