"""The page of the notes tells an analyst the answers, for every content that a log can have."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

from include.report.notes.model import NotesReport
from include.report.notes.page import SECTIONS, render_html, render_markdown
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.conftest import SCRIPT, everything, of_days, small_notes
from tests.include.report.notes.finished import finish, leave_facts, made
from tests.include.report.test_page import section, table, words
from tests.notes_rows import ANN, BOB, D, on, people

YESTERDAY = D - timedelta(days=1)
DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


def page(lake: Lake) -> str:
    return render_html(made(lake))


@pytest.fixture(scope="module")
def small_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a small log, with an answer before it, and with records that were rejected and warned of."""
    lake, log = Lake(str(tmp_path_factory.mktemp("small")), "notes"), small_notes()
    finish(lake, log.interactions, log.users, YESTERDAY)
    leave_facts(lake, YESTERDAY)
    rejected = {"interactions": {"malformed_csv": 2}, "users": {"conflicting_user": 1_400}}
    finish(lake, log.interactions, log.users, D, rejected, {"interactions": {"unknown_user": 3}})
    return page(lake)


@pytest.fixture(scope="module")
def whole_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a log that has something for every section but what was new."""
    lake, log = Lake(str(tmp_path_factory.mktemp("whole")), "notes"), everything()
    for run_date in (YESTERDAY, D):
        finish(lake, log.interactions, log.users, run_date)
        leave_facts(lake, run_date)
    return page(lake)


def test_answer_has_numbers_and_days(small_page: str) -> None:
    answer = section(small_page, "answer")
    assert words(answer.partition("</dl>")[0]) == (
        "The answer daily active users +2 2 active in 7 days +1 (+100.0%) 2 active in 28 days +1 (+50.0%) 3 "
        "stickiness +66.7 points 66.7%"
    )
    assert table(answer, "The run date and days before it") == [
        ["Day (UTC)", "Daily active", "7 days", "28 days", "Stickiness", "New users", "Month to date"],
        ["Fri 10 May 2024", "2", "2", "3", "66.7%", "1", "2"],
        ["Thu 9 May 2024", "0", "1", "2", "0.0%", "0", "1"],
        ["Fri 3 May 2024", "1", "1", "2", "50.0%", "0", "1"],
    ]
    shown = words(answer)
    assert (
        "The whole log has 3 users and 6 sessions in 15 days; the changes are those since the run of 9 May 2024."
        in shown
    )
    assert "The log is younger than 28 days, so what is told of 28 days is of fewer." in shown


def test_names_are_text_beside_their_hours(notes: Lake) -> None:
    finish(notes, on(D, SCRIPT, duration_ms=3_600_000))
    html = page(notes)
    assert "<script" not in html
    assert table(html, "Power users") == [
        ["User", "Rank", "Active hours", "Active days", "Of all active time"],
        [f"\u2068{SCRIPT}\u2069", "1", "1.0", "1", "100.0%"],
    ]
    assert "1 power user." in words(html)


def test_sessions_and_segments_have_means(whole_page: str) -> None:
    html = section(whole_page, "sessions")
    sessions = table(html, "What sessions are like")
    assert [row[0] for row in sessions] == ["Means", "All sessions", "Of two and more interactions"]
    assert sessions[0] == ["Means", "Sessions", "Length", "Active time", "Interactions"]
    assert [row[:2] for row in table(html, "By country")] == [["Country", "Users"], ["DE", "100"], ["Other", "23"]]
    assert [row[0] for row in table(html, "By device")] == ["Device", "Phone", "Other"]
    assert table(html, "By subscription")[0] == [
        *("Subscription", "Users", "Bounce rate", "Mean length", "Sessions", "Of all users"),
    ]


def test_unusual_days_and_segments_are_the_first(notes: Lake) -> None:
    found = of_days(notes, 60)
    html = render_html(found)
    rows = table(html, "Unusual days, the latest first")
    assert len(rows) == 1 + sum(one.flagged for one in found.anomalies) > 1
    assert rows[0] == [
        *("Day (UTC) and metric", "Value", "Mean of 28 days before", "Standard deviations off", "A week before")
    ]
    assert rows[1][0] == "Thu 2 May 2024: daily active users"
    assert len(table(html, "By country")) == 11
    assert "The 10 with most users, of 14: country_segments.tsv has all." in words(html)


def test_young_cohorts_are_told_in_words(notes: Lake) -> None:
    finish(notes, on(D, ANN, BOB))
    html = section(page(notes), "retention")
    assert "No week after the first one of a cohort is over: 1 cohort of 2 users since 6 May 2024." in words(html)
    assert "<svg" not in html


def test_rejected_and_warned_are_told_by_kind(small_page: str) -> None:
    html = section(small_page, "trust")
    assert table(html, "Rejected users")[1][0].startswith("conflicting_user Another record of the same user")
    assert [row[-1] for row in table(html, "Rejected interactions")] == ["Records", "2"]
    assert table(html, "Warnings on interactions")[1][1] == "3"
    assert "Warnings are of the whole log." in words(html)


def test_changes_since_the_run_before_are_told(small_page: str) -> None:
    changed = words(section(small_page, "changed"))
    assert "Nothing that 30 users, sessions or page views stand behind has changed since 9 May 2024." in changed
    assert "The verdict is good, as then; the quality score was 99.50, is 99.50." in changed


def test_sections_are_in_their_order(whole_page: str) -> None:
    found = re.findall('<section aria-labelledby="(.*?)">', whole_page)
    assert found == [name for name in SECTIONS if name != "new"]


def test_single_day_has_no_curves(notes: Lake) -> None:
    finish(notes, on(D, *people(3)))
    html = page(notes)
    found = re.findall('<section aria-labelledby="(.*?)">', html)
    assert found == ["answer", "retention", "sessions", "habits", "trust", "made"]
    assert "there is no earlier run to compare with." in words(html)


def test_empty_log_says_so(nothing: NotesReport) -> None:
    html = render_html(nothing)
    assert re.findall('<section aria-labelledby="(.*?)">', html) == ["answer", "trust", "made"]
    shown = words(html)
    for part in (
        "There is no interaction in this log up to the run date.",
        f"daily active users 0 active in 7 days 0 active in 28 days 0 stickiness {DASH}",
        "No record was rejected. No record has a warning.",
    ):
        assert part in shown


def test_chat_gets_the_answer_and_what_changed(notes: Lake) -> None:
    finish(notes, on(YESTERDAY, ANN), run_date=YESTERDAY)
    leave_facts(notes, YESTERDAY)
    finish(notes, on(YESTERDAY, ANN))
    assert render_markdown(made(notes)).splitlines() == [
        "**How the notes are used, 10 May 2024**: good, quality score 99.50 of 100",
        "",
        "0 users were active on 10 May 2024: 0.0% of the 1 active in 28 days.",
        "",
        f"- Daily active users: 0, {MINUS}1 ({MINUS}100.0%)",
        "- Active in 7 days: 1, unchanged",
        "- Active in 28 days: 1, unchanged",
        f"- Stickiness: 0.0%, {MINUS}100.0 points",
        "",
        "Since 9 May 2024, what changed most:",
        "nothing",
    ]


def test_chat_tells_what_is_unusual_that_day(notes: Lake) -> None:
    log = small_notes()
    finish(notes, log.interactions, log.users)
    lines = render_markdown(made(notes)).splitlines()
    unusual = lines[lines.index("Unusual:") + 1 :]
    assert [line.partition(":")[0] for line in unusual[:2]] == [
        "- Daily active users on 10 May 2024",
        "- Sessions on 10 May 2024",
    ]


def test_page_of_many_days_stays_small(notes: Lake) -> None:
    found = of_days(notes, 900)
    html = render_html(found)
    assert "The last 400 of 900 days: daily_engagement.tsv has all." in words(html)
    assert f"The last 26 of {len(found.retention)} cohorts: retention.tsv has all." in words(html)
    assert len(table(html, "Active users by day")) == 401
    assert len(html) < 1_100_000


def test_list_of_run_dates_shows_active_users(notes: Lake) -> None:
    pages = Environment(loader=PackageLoader("include.pages"), autoescape=True, undefined=StrictUndefined)
    answer = pages.get_template("answer_notes.html.j2")
    log = small_notes()
    finish(notes, log.interactions, log.users)
    assert words(answer.render(row={"first": made(notes).daily_engagement[0]})) == "2 active 66.7% of the 3 of 28 days"
    finish(notes, [*on(D - timedelta(days=30), ANN)])
    assert words(answer.render(row={"first": made(notes).daily_engagement[0]})) == "0 active nobody in 28 days"
