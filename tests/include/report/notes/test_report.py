"""The report has the answers of the run, also where a log has next to nothing."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from include.report.json_schema import DIRECTORY
from include.report.notes.model import NotesReport
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.conftest import SCRIPT, everything, of_days, small_notes
from tests.include.report.notes.finished import finish, leave_facts, made, report
from tests.notes_model import COLUMNS, answers, files_of
from tests.notes_model.activity import average_retention
from tests.notes_model.segments import mean_durations
from tests.notes_model.sessions import sessions_of
from tests.notes_rows import ANN, BOB, D, ago, on, people

SCHEMA = Draft202012Validator(json.loads((DIRECTORY / "notes.schema.json").read_bytes()))


def test_summary_is_of_the_run_date_and_the_log(notes: Lake) -> None:
    log = small_notes()
    finish(notes, log.interactions, log.users)
    assert made(notes).summary.model_dump() == {
        "days": 15,
        "users": 3,
        "sessions": 6,
        "bounce_rate": 1.0,
        "dau": 2,
        "wau_7d": 2,
        "mau_28d": 3,
        "stickiness": 2 / 3,
    }


def test_days_are_the_newest_first(notes: Lake) -> None:
    finish(notes, on(ago(2), ANN))
    assert [(one.day, one.dau) for one in made(notes).daily_engagement] == [(D, 0), (ago(1), 0), (ago(2), 1)]


def test_average_retention_is_that_of_the_model(notes: Lake) -> None:
    log = everything()
    finish(notes, log.interactions, log.users)
    found = {one.week: (one.rate_in, one.rate_in_or_after) for one in made(notes).average_retention}
    expected = average_retention(answers(log.interactions, log.users, D)["retention"])
    assert found == {week: rates for week, rates in expected.items() if rates[0] is not None}
    assert len(found) > 2


def test_week_that_is_not_over_is_null(notes: Lake) -> None:
    finish(notes, on(ago(7), ANN, BOB))
    (cohort,) = made(notes).retention
    assert cohort.retained_in[:2] == (2, None)
    assert (cohort.size, cohort.is_first, len(cohort.retained_in)) == (2, True, 27)


def test_means_are_over_all_sessions_and_over_several(notes: Lake) -> None:
    log = everything()
    finish(notes, log.interactions, log.users)
    found = made(notes)
    every, several = mean_durations(sessions_of(log.interactions, log.users))
    assert found.all_sessions.mean_duration_seconds == pytest.approx(every)
    assert found.sessions_of_several.mean_duration_seconds == several
    assert found.all_sessions.sessions > found.sessions_of_several.sessions


def test_segments_with_most_users_come_first(notes: Lake) -> None:
    log = everything()
    finish(notes, log.interactions, log.users)
    assert [(one.kind, one.segment, one.users) for one in made(notes).segments] == [
        ("country", "DE", 100),
        ("country", "other", 23),
        ("device", "phone", 100),
        ("device", "other", 23),
        ("subscription", "free", 100),
        ("subscription", "other", 23),
    ]


def test_load_times_are_by_version_of_all_days(notes: Lake) -> None:
    log = everything()
    finish(notes, log.interactions, log.users)
    found = made(notes)
    assert [(one.app_version, one.count, one.p50_ms) for one in found.load_times] == [
        ("1.0.0", 120, 159.5),
        ("1.10.2", 1, 250.0),
    ]
    assert (found.load_times[1].p95_ms, found.load_times[1].p99_ms) == (None, None)
    assert [(one.app_version, one.users) for one in found.device_correlation] == [("1.0.0", 120)]


def test_only_the_first_hundred_power_users_are_kept(notes: Lake) -> None:
    finish(notes, on(D, *people(150), duration_ms=5))
    found = made(notes)
    assert (found.power_user_count, len(found.power_users), found.power_users[-1].user_id) == (150, 100, "u099")


def test_metrics_are_of_the_last_days(notes: Lake) -> None:
    found = of_days(notes, 401)
    assert (len(found.daily_engagement), len(found.anomalies)) == (401, 3 * 400)
    assert (found.anomalies[0].day, found.anomalies[-1].day) == (ago(399), D)


def test_files_are_those_of_the_model(notes: Lake) -> None:
    log = small_notes()
    finish(notes, log.interactions, log.users)
    directory = report(notes)
    expected = files_of(answers(log.interactions, log.users, D))
    pages = {"report.html", "report.json", "report.md"}
    assert {path.name for path in directory.iterdir()} == {*expected, *pages}
    assert {name: (directory / name).read_text() for name in expected} == expected
    assert set(expected) == {f"{name}.tsv" for name in COLUMNS}
    assert SCRIPT in expected["power_users.tsv"] or ANN in expected["power_users.tsv"]


def test_empty_log_has_nulls_for_rates(nothing: NotesReport) -> None:
    summary = nothing.summary.model_dump()
    assert {name for name, value in summary.items() if value is None} == {"bounce_rate", "stickiness"}
    assert nothing.all_sessions.mean_duration_seconds is None
    assert (nothing.daily_engagement, nothing.retention, nothing.average_retention, nothing.anomalies) == ((),) * 4


def test_reports_fit_the_schema_and_come_back(notes: Lake) -> None:
    finish(notes)
    empty = json.loads(leave_facts(notes, D).read_text())
    log = everything()
    finish(notes, log.interactions, log.users)
    full = json.loads((report(notes) / "report.json").read_text())
    for found in (empty, full):
        SCHEMA.validate(found)
        assert NotesReport.model_validate(found).model_dump(mode="json") == found
