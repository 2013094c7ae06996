"""The report of a daily load says what the day added, and covers the whole log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.report.listening.words import NOUNS
from include.report.model import Added, RunCounts, RunReport
from include.report.news import sentences
from spark_jobs.shared import loads
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.include.report.finished import facts, finish, finish_daily, in_a_row, leave_facts, report, retell
from tests.include.report.test_page import section, table, words
from tests.logs import RUN_DATE
from tests.records import NO_COSTS, NO_LATE, counted

DAY, NEXT = RUN_DATE + timedelta(days=1), RUN_DATE + timedelta(days=2)
# The second day's are of the evening that the first ends in: one session crosses midnight.
FIRST = in_a_row("u", datetime(2009, 5, 4, 23, 30, tzinfo=UTC), [("A", "a"), ("A", "b")] * 5)
SECOND = in_a_row("u", datetime(2009, 5, 5, 0, 10, tzinfo=UTC), [("A", "a")] * 3)
THIRD = in_a_row("v", datetime(2009, 5, 6, 12, 0, tzinfo=UTC), [("A", "c"), ("A", "a")])
# These facts do not depend on how the listens were loaded.
OF_THE_LOG = ("over_time", "by_weekday", "session_lengths", "song_spread", "top_songs", "top_sessions", "log")


@pytest.fixture
def grown(lake: Lake) -> Lake:
    """A full load and two days that were added to it."""
    finish(lake, FIRST)
    finish_daily(lake, FIRST, SECOND, DAY)
    finish_daily(lake, FIRST + SECOND, THIRD, NEXT)
    return lake


@pytest.fixture
def at_once(tmp_path: Path) -> dict[str, Any]:
    """Return the facts for the report of one full load of the same listens."""
    lake = Lake(str(tmp_path / "at-once"), "listening")
    finish(lake, FIRST + SECOND + THIRD, NEXT)
    return facts(lake, NEXT)


def test_counts_are_those_of_the_whole_log(grown: Lake, at_once: dict[str, Any]) -> None:
    found = facts(grown, NEXT)
    assert {name: found[name] for name in OF_THE_LOG} == {name: at_once[name] for name in OF_THE_LOG}
    assert found["song_spread"][0]["sessions"] == [
        {"session_rank": 1, "user_id": "u", "plays": 8},
        {"session_rank": 2, "user_id": "v", "plays": 1},
    ]
    assert found["counts"] == {**counted(8, 2, 6).model_dump(), "users": 2, "sessions": 2}
    assert facts(grown, RUN_DATE)["log"]["events"] == len(FIRST)


def test_the_json_tells_what_was_new(grown: Lake) -> None:
    assert facts(grown, RUN_DATE)["new"] is None
    assert facts(grown, NEXT)["new"] == {
        "base_run_date": str(DAY),
        "events_added": 2,
        "duplicates_rejected": 2,
        "late": NO_LATE,
        "sessions": {"opened": 3, "extended": 2, "joined": 1},
        "users_first_seen": 1,
        "files_changed": [],
        "files_known": [],
    }


def test_first_daily_load_has_no_news(lake: Lake) -> None:
    finish(lake, FIRST)
    retell(lake, "data_quality", parameters={"input_path": "/logs/<day>.tsv", "load": loads.DAILY})
    assert facts(lake)["new"] is None


@pytest.mark.parametrize(
    ("lines", "changed", "said"),
    [
        pytest.param(
            1210,
            {"events_added": 1200, "late": {**NO_LATE, "events": 40, "most_days": 400}},
            [
                "1,200 listens added to the log of 5 May 2009, 40 of them late by up to 400 days; 0 lines rejected as "
                "duplicates.",
                "3 sessions opened, 1 extended, 0 joined from several; 2 users first seen.",
            ],
            id="late ones",
        ),
        pytest.param(
            2,
            {"events_added": 1, "duplicates_rejected": 1},
            [
                "1 listen added to the log of 5 May 2009, none of them late; 1 line rejected as a duplicate.",
                "3 sessions opened, 1 extended, 0 joined from several; 2 users first seen.",
            ],
            id="one",
        ),
        pytest.param(
            0,
            {"files_known": ["a", "b"]},
            [
                "Nothing was added to the log of 5 May 2009: there was no line to read.",
                "Taken in before, and not read again: 2 files.",
            ],
            id="a file that was there before",
        ),
        pytest.param(
            3,
            {"duplicates_rejected": 3, "files_changed": ["a"]},
            [
                "Nothing was added to the log of 5 May 2009: none of 3 lines was a new listen, 3 lines rejected as "
                "duplicates.",
                "Changed since they were taken in, and read again: 1 file.",
            ],
            id="nothing but what was there",
        ),
        pytest.param(
            0,
            {"sessions": None, "users_first_seen": None},
            [
                "Nothing was added to the log of 5 May 2009: there was no line to read.",
                "All sessions were cut again: those of 5 May 2009 had another gap.",
            ],
            id="another gap",
        ),
    ],
)
def test_what_was_new_in_words(lines: int, changed: dict[str, Any], said: list[str]) -> None:
    new = {
        **{"base_run_date": "2009-05-05", "events_added": 0, "duplicates_rejected": 0, "late": NO_LATE},
        **{"sessions": {"opened": 3, "extended": 1, "joined": 0}, "users_first_seen": 2},
        **{"files_changed": [], "files_known": [], **changed},
    }
    counts = RunCounts(**counted(lines, 0, lines).model_dump(), users=0, sessions=0)
    report = RunReport.model_construct(counts=counts, new=Added.model_validate(new))
    assert sentences(report, NOUNS) == said
    assert sentences(RunReport.model_construct(new=None), NOUNS) == []


def test_daily_load_has_news_section_full_has_none(lake: Lake) -> None:
    finish(lake, FIRST)
    leave_facts(lake, RUN_DATE)
    late = {**NO_LATE, "events": 3, "most_days": 9, "up_to_1_days": 2, "up_to_30_days": 1}
    files = [f"/logs/<{number}>.tsv" for number in range(7)]
    finish_daily(lake, FIRST, SECOND, DAY, late=late, files_changed=["/logs/b.tsv"], files_known=files)
    html = (report(lake, DAY) / "report.html").read_text(encoding="utf-8")
    shown = section(html, "new")
    assert table(shown, "What was added") == [
        ["Added", "Number"],
        ["Listens added", "3"],
        ["Listens added late", "3"],
        ["Lines rejected as duplicates", "2"],
        ["Sessions opened", "3"],
        ["Sessions extended", "2"],
        ["Sessions joined from several", "1"],
        ["Users first seen", "1"],
    ]
    assert table(shown, "How late") == [
        ["After the day of the listen", "Listens"],
        ["1 day", "2"],
        ["2 to 7 days", "0"],
        ["8 to 30 days", "1"],
        ["31 to 365 days", "0"],
        ["more than 365 days", "0"],
    ]
    said = words(shown)
    for part in (
        "3 listens added to the log of 4 May 2009, 3 of them late by up to 9 days; 2 lines rejected as duplicates. "
        "The log has 13 listens now, from 4 May 2009 to 5 May 2009.",
        "Changed since they were taken in, so read again; listens they no longer hold stay in the log: "
        "/logs/b.tsv Taken in before",
        "so not read again: /logs/<0>.tsv /logs/<1>.tsv /logs/<2>.tsv /logs/<3>.tsv /logs/<4>.tsv 2 more files:",
        "The top songs are those of 4 May 2009, at the same ranks.",
    ):
        assert part in said
    head = words(html)
    assert "listens, 3 new 13" in head
    assert "Of what was new, every line read was kept or rejected, in every file: of 9 lines 3 were kept" in head
    assert (
        "The quality score is of these lines, but those that repeat a listen of the days before; "
        "what the log had before was judged when it came." in head
    )

    html = (report(lake) / "report.html").read_text(encoding="utf-8")
    assert section(html, "new") == ""
    assert "What was new" not in html


def test_the_page_says_how_many_songs_moved(grown: Lake) -> None:
    leave_facts(grown, DAY)
    html = (report(grown, NEXT) / "report.html").read_text(encoding="utf-8")
    assert "Of the top songs 1 came in since 5 May 2009, 0 went out, 0 rose and 0 fell: the answer says which." in (
        words(section(html, "new"))
    )


def test_a_day_that_added_nothing_says_so(lake: Lake) -> None:
    finish(lake, FIRST)
    finish_daily(lake, FIRST, [], DAY)
    directory = report(lake, DAY)
    html = (directory / "report.html").read_text(encoding="utf-8")
    assert words(section(html, "new")) == (
        "What was new Nothing was added to the log of 4 May 2009: none of 6 lines was a new listen, 2 lines rejected "
        "as duplicates. The log has 10 listens now, from 4 May 2009 to 5 May 2009."
    )
    assert "1 file, 99 bytes, no listen. Report made" in words(html)
    assert [row[1] for row in table(html, "Top songs")[1:]] == ["a A one session", "b A one session"]


def test_sessions_cut_again_are_not_counted_as_new(lake: Lake) -> None:
    finish(lake, FIRST)
    finish_daily(lake, FIRST, SECOND, DAY)
    retell(lake, "session_analysis", DAY, new=None)
    shown = section((report(lake, DAY) / "report.html").read_text(encoding="utf-8"), "new")
    assert "All sessions were cut again: those of 4 May 2009 had another gap." in words(shown)
    assert [row[0] for row in table(shown, "What was added")[1:]] == [
        "Listens added",
        "Listens added late",
        "Lines rejected as duplicates",
    ]


def test_report_says_share_of_log_each_stage_read(grown: Lake) -> None:
    for stage in ("data_quality", "ranking"):
        replace_file(grown.spark_costs(stage, NEXT), json.dumps({**NO_COSTS, "input_records": 6}))
    retell(grown, "ranking", NEXT)
    found = facts(grown, NEXT)["spark"]
    told = {stage: (one["input_reads"], one["log_share"]) for stage, one in found.items()}
    # Of 15 listens, and of 2 sessions with them.
    assert told == {"data_quality": (None, 0.4), "ranking": (None, 0.3529)}
    html = (report(grown, NEXT) / "report.html").read_text(encoding="utf-8")
    assert [row[3] for row in table(html, "What Spark measured")[1:]] == ["40.0%", "35.3%"]


def test_the_markdown_says_what_was_new(grown: Lake) -> None:
    text = (report(grown, NEXT) / "report.md").read_text()
    assert text.splitlines()[-1] == (
        "New: 2 listens added to the log of 5 May 2009, none of them late; 2 lines rejected as duplicates. "
        "3 sessions opened, 2 extended, 1 joined from several; 1 user first seen."
    )
