"""What the report says in sentences."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from include.report.notes.model import Change, Measured, NotesReport
from include.report.notes.sentences import change_says, lead, unusual_says
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.finished import finish, made
from tests.notes_rows import ANN, BOB, D, ago, on


@pytest.mark.parametrize(
    ("kind", "subject", "measure", "sentence"),
    [
        ("whole", "", "wau_7d", "The number of users active in 7 days fell by 50.0%, from 2,000 to 1,000."),
        ("whole", "", "stickiness", "Stickiness fell by 50.0%, from 200000.0% to 100000.0%."),
        (
            "country",
            "DE",
            "bounce_rate",
            "The bounce rate of the country DE fell by 50.0%, from 200000.0% to 100000.0%.",
        ),
        (
            "subscription",
            "free",
            "mean_duration_seconds",
            "The mean session of the subscription Free fell by 50.0%, from 33.3 min to 16.7 min.",
        ),
        (
            "version",
            "1.10.2",
            "p95_ms",
            "The 95th percentile of load times of version 1.10.2 fell by 50.0%, from 2,000 ms to 1,000 ms.",
        ),
        ("day", "2024-05-09", "dau", "The number of active users on 9 May 2024 fell by 50.0%, from 2,000 to 1,000."),
    ],
)
def test_changes_are_sentences(kind: Any, subject: str, measure: Any, sentence: str) -> None:
    found = Change(kind=kind, subject=subject, measure=measure, before=2_000, now=1_000, change=-0.5)
    assert change_says(found) == sentence


def test_change_from_nothing_has_no_part() -> None:
    found = Change(kind="whole", subject="", measure="dau", before=0, now=40, change=None)
    assert change_says(found) == "The number of active users rose, from 0 to 40."


@pytest.mark.parametrize(
    ("z", "said"),
    [
        (4.25, "4.2 standard deviations above the mean of the 28 days before, 500 ms."),
        (-4.25, "4.2 standard deviations below the mean of the 28 days before, 500 ms."),
        (None, "other than the mean of the 28 days before, 500 ms."),
    ],
)
def test_unusual_days_are_sentences(z: float | None, said: str) -> None:
    known = {"value": 900.4, "mean": 500.0, "standard_deviation": 1.0, "flagged": True}
    found = Measured(day=date(2024, 5, 9), metric="p95_load_ms", z=z, same_weekday_week_before=None, **known)
    assert unusual_says(found) == f"95th percentile of load times on 9 May 2024: 900 ms, {said}"


def test_lead_tells_the_run_date_and_its_month(notes: Lake) -> None:
    finish(notes, [*on(D, ANN), *on(ago(20), ANN, BOB)])
    assert lead(made(notes)) == "1 user was active on 10 May 2024: 50.0% of the 2 active in 28 days."


def test_lead_of_a_silent_month_says_so(notes: Lake) -> None:
    finish(notes, on(ago(28), ANN))
    assert lead(made(notes)) == "No user was active in the 28 days up to 10 May 2024."


def test_lead_of_an_empty_log_says_so(nothing: NotesReport) -> None:
    assert lead(nothing) == "There is no interaction in this log up to the run date."
