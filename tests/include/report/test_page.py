"""The page shows the answer, for every content that a log can have."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.frames import at
from tests.include.report.conftest import SCRIPT
from tests.include.report.finished import (
    PARAMETERS,
    check_says,
    facts,
    finish,
    in_a_row,
    leave_facts,
    listens,
    look_further,
    report,
    retell,
)
from tests.logs import RUN_DATE
from tests.records import NO_COSTS

TOMORROW = RUN_DATE + timedelta(days=1)


def page(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> str:
    return (report(lake, run_date, parameters) / "report.html").read_text(encoding="utf-8")


def words(html: str) -> str:
    """Return the text of a page without markup; white space becomes one space."""
    text = " ".join(unescape(re.sub("<[^>]*>", " ", html.rpartition("</style>")[2])).split())
    return re.sub(r" ([.;])", r"\1", text)


def section(html: str, name: str) -> str:
    _, found, rest = html.partition(f'<section aria-labelledby="{name}">')
    return rest.partition("</section>")[0] if found else ""


def table(html: str, label: str) -> list[list[str]]:
    """The rows of a table, its head first."""
    _, found, rest = html.partition(f'<table aria-label="{label}">')
    rows = re.findall("<tr>(.*?)</tr>", rest.partition("</table>")[0], re.DOTALL) if found else []
    return [[words(cell) for cell in re.findall("<t[hd][ >].*?</t[hd]>", row, re.DOTALL)] for row in rows]


def test_names_are_text_beside_their_counts(finished_lake: Lake) -> None:
    html = page(finished_lake)
    assert "<script" not in html
    assert table(html, "Top songs") == [
        ["Rank", "Song", "Plays", "Sessions", "Listeners"],
        ["1", f'{SCRIPT} "Weird Al"', "3", "2", "2"],
        ["2", "a b 坂本龍一 one session", "1", "1", "1"],
    ]
    assert table(html, "Rejected lines") == [
        ["Reason to reject", "Lines"],
        ["field_count", "4"],
        ["duplicate", "2"],
    ]
    shown = words(html)
    for part in (
        f'{SCRIPT} by "Weird Al" leads: 3 plays in 2 sessions of 2 listeners.',
        "quality score, of 100 99.50",
        "15 of 15",
        "of 10 lines 4 were kept as listens, 6 rejected",
    ):
        assert part in shown


def test_a_page_stands_alone(finished_lake: Lake) -> None:
    """No address outside itself but the Data Docs beside it, and a policy that forbids the rest."""
    directory = report(finished_lake)
    html = (directory / "report.html").read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src|xlink:href)="([^"#]+)"', html))
    assert links == {"../../data_docs/index.html"}
    assert (directory / links.pop()).resolve() == Path(finished_lake.data_docs()) / "index.html"
    assert """content="default-src 'none'; style-src 'unsafe-inline'">""" in html
    assert "url(" not in html


def test_a_verdict_says_why(finished_lake: Lake) -> None:
    check_says(finished_lake, "check_top_songs", info=["flags: <one> listener"])
    html = page(finished_lake)
    assert '<span class="verdict good">good</span>' in html
    assert "expectations met, 1 flag" in words(html)
    assert "Worth knowing; this does not lower the verdict: flags: <one> listener" in words(html)
    assert "Take this answer with care" not in html
    check_says(finished_lake, "check_listens", warning=["a score of 93"])
    html = page(finished_lake)
    assert '<span class="verdict degraded">degraded</span>' in html
    assert "Take this answer with care. The run finished, but not all that was expected of its data held: a score" in (
        words(html)
    )


def test_sessions_show_speed_and_implausible_ones_are_marked(lake: Lake) -> None:
    fast = in_a_row("u", at("12:00:00"), [("A", "B")] * 1030, seconds=1)
    slow = in_a_row("v", at("12:00:00"), [("A", "B"), ("A", "C")] * 15, seconds=200)
    finish(lake, fast + slow)
    html = page(lake)
    assert table(html, "The longest sessions from rank 1") == [
        ["Rank", "User, start (UTC)", "Hours", "Tracks", "Tracks a minute", "Distinct songs"],
        ["1", "u implausible 2009-05-01 12:00", "0.3", "1,030", "60.06", "1"],
        ["2", "v 2009-05-01 12:00", "1.6", "30", "0.31", "2"],
    ]
    assert "longer than three days; 1 session of these 2." in words(html)


def test_page_opens_ten_sessions_and_counts_the_rest(lake: Lake) -> None:
    parameters = {**PARAMETERS, "top_sessions": 120}
    played = [
        listen for day in range(120) for listen in in_a_row("u", at("12:00:00") + timedelta(days=day), [("A", "B")])
    ]
    finish(lake, played, parameters=parameters)
    html = page(lake, parameters=parameters)
    assert [row[0] for row in table(html, "The longest sessions from rank 1")[1:]] == [*map(str, range(1, 11))]
    assert [row[0] for row in table(html, "The longest sessions from rank 11")[1:]] == [*map(str, range(11, 101))]
    assert "Not shown: 20 sessions, in report.json." in words(html)


def test_each_stage_with_spark_measurements_has_a_row(finished_lake: Lake) -> None:
    assert table(page(finished_lake), "What Spark measured") == []
    several = {"stage_id": 4, "tasks": 30, "median_task_seconds": 2.04, "slowest_task_seconds": 3.06}
    single = {"stage_id": 1, "tasks": 1, "median_task_seconds": 9.9, "slowest_task_seconds": 9.9}
    figures = {
        **NO_COSTS,
        "seconds": 11.25,
        "tasks": 1234,
        "input_records": 20,
        "shuffle_bytes_written": 19_448_972,
        "spilled_disk_bytes": 0,
        "gc_share": 0.035,
        "slowest_stages": [single, several],
    }
    kept = Path(finished_lake.spark_costs("data_quality", RUN_DATE))
    replace_file(kept.with_name("check_input.json"), "cut sho")
    replace_file(kept, json.dumps(figures))
    retell(finished_lake, "ranking")
    shown = ["data_quality", "11.2", "1,234", "2.00 \N{MULTIPLICATION SIGN}", "19.4 MB", "0 Bytes", "3.5%"]
    assert table(page(finished_lake), "What Spark measured")[1:] == [[*shown, "3.1 s / 2.0 s"]]
    assert facts(finished_lake)["spark"] == {"data_quality": {**figures, "input_reads": 2, "log_share": None}}
    # No two tasks to compare.
    replace_file(kept, json.dumps({**figures, "slowest_stages": [single]}))
    retell(finished_lake, "ranking")
    assert table(page(finished_lake), "What Spark measured")[1:] == [[*shown, "\N{EN DASH}"]]


def test_files_with_most_rejected_lines_come_first(finished_lake: Lake) -> None:
    assert table(page(finished_lake), "Files") == []
    counts = {"bytes": 99, "records_read": 1200, "events_accepted": 1194}
    files = [{"file": f"/logs/{number}.tsv", **counts, "records_rejected": number} for number in range(25)]
    retell(finished_lake, "data_quality", files=files)
    html = page(finished_lake)
    assert table(html, "Files")[1] == ["/logs/24.tsv", "1,200", "1,194", "24"]
    assert [row[0] for row in table(html, "Files")[1:]] == [f"/logs/{number}.tsv" for number in range(24, 4, -1)]
    assert "5 more files: report.json." in words(html)


def test_sections_are_there_only_when_their_data_is(finished_lake: Lake) -> None:
    html = page(finished_lake)
    assert (section(html, "sure"), section(html, "who")) == ("", "")
    assert "How sure" not in html
    assert "Who listens" not in html
    look_further(finished_lake, [], [{"user_id": "u", "session_count": 1, "track_count": 3}])
    assert "not known" in words(section(page(finished_lake), "who"))
    retell(finished_lake, "ranking", profiles={"path": "/p.tsv", "problem": "/p.tsv has <no> header."})
    who = words(section(page(finished_lake), "who"))
    assert who == "Who listens The listeners' profiles could not be used: /p.tsv has <no> header."


def test_ranks_under_other_definitions_stand_beside_the_answers(finished_lake: Lake) -> None:
    counts = {"play_count": 2, "session_count": 2, "listener_count": 1}
    japanese = {"artist_name": "坂本龍一", "track_name": "a\rb", **counts}
    jolene = {"artist_name": "Cake", "track_name": "Jolene", **counts}
    script = {"artist_name": '"Weird Al"', "track_name": SCRIPT, **counts}
    look_further(
        finished_lake,
        [
            {"definition": "longest_by_duration", "rank": 1, **japanese},
            {"definition": "longest_by_duration", "rank": 2, **script},
            {"definition": "gap_30_minutes", "rank": 1, **jolene},
            {"definition": "gap_30_minutes", "rank": 2, **japanese},
        ],
        [],
    )
    sure = section(page(finished_lake), "sure")
    assert table(sure, "Ranks under other definitions") == [
        ["Song", "Answer", "Longest by time", "Gap of 30 minutes"],
        [f'{SCRIPT} "Weird Al"', "1", "2", "out"],
        ["a b 坂本龍一", "2", "1", "2"],
        ["Jolene Cake", "out", "out", "1"],
    ]
    shown = words(sure)
    assert "1 of 2 songs is among the top in each of them." in shown
    assert (
        "A pause longer than 30 minutes opens a new session. 1 of 2 songs stays. "
        f'In: Jolene Cake at 1 Out: {SCRIPT} "Weird Al" from 1'
    ) in shown
    assert "2 of 2 songs stay, 2 of them at another rank." in shown


def test_the_answer_is_compared_with_the_one_before(finished_lake: Lake) -> None:
    leave_facts(finished_lake, RUN_DATE)
    finish(finished_lake, listens(("u", "12:00:00", "坂本龍一", "a\rb"), ("u", "12:01:00", "Cake", "Jolene")), TOMORROW)
    html = page(finished_lake, TOMORROW)
    assert [row[:3] for row in table(html, "Top songs")] == [
        ["Rank", "Song", "Before"],
        ["1", "Jolene Cake one session", "new"],
        ["2", "a b 坂本龍一 one session", "2"],
    ]
    assert (
        f'Since 4 May 2009 1 of 2 songs stays. In: Jolene Cake at 1 Out: {SCRIPT} "Weird Al" from 1 '
        "The verdict is good, as then; the quality score was 99.50, is 99.50."
    ) in words(html)
    assert "other parameters" not in html
    other = {**PARAMETERS, "session_gap_minutes": 30}
    html = page(finished_lake, TOMORROW, other)
    assert (
        "made with other parameters, so not every change is one of the listeners: session_gap_minutes was 20, is 30."
        in (words(html))
    )


def test_the_page_says_which_days_were_ranked(finished_lake: Lake) -> None:
    leave_facts(finished_lake, RUN_DATE)
    week = {**PARAMETERS, "window_days": 7}
    played = listens(("u", "2009-04-27T12:00:00", "A", "old"), ("u", "2009-05-05T12:00:00", "A", "new"))
    finish(finished_lake, played, TOMORROW, week)
    html = page(finished_lake, TOMORROW, week)
    assert (
        "The songs played most in the 1 longest of 2 sessions, those with the most tracks, ranked only if they started "
        "in the 7 days up to the run date's end; a pause longer than 20 minutes opens a new session."
    ) in words(html)
    assert "window_days was none, is 7." in words(html)
    assert ["window_days", "7"] in table(html, "Parameters")
    assert ["window_days", "none"] in table(page(finished_lake), "Parameters")


def test_empty_window_is_stated_and_listening_still_shown(lake: Lake) -> None:
    day = {**PARAMETERS, "window_days": 1}
    finish(lake, listens(("u", "12:00:00", "A", "B"), ("u", "12:01:00", "A", "B")), parameters=day)
    look_further(lake, [], [])
    html = page(lake, parameters=day)
    shown = words(html)
    assert "No session started on the run date, and so there is no top song." in shown
    assert "0 longest of 1 session, those with the most tracks, ranked only if they started on the run date;" in shown
    assert "0 of 1 session have a single track. " in shown
    assert [name for name in ("answer", "sure", "listening", "who", "sessions") if section(html, name)] == [
        "answer",
        "listening",
    ]


@pytest.mark.parametrize("songs", [0, 1, 1000])
def test_page_never_exceeds_two_megabytes(lake: Lake, songs: int) -> None:
    parameters = {**PARAMETERS, "top_songs": 1000}
    name = "\N{PERSON WITH BALL}" * 400
    finish(
        lake,
        in_a_row("u", at("12:00:00"), [(name, f"{number}{name}") for number in range(songs)]),
        parameters=parameters,
    )
    html = page(lake, parameters=parameters)
    assert len(table(html, "Top songs")) == (songs + 1 if songs else 0)
    assert len(html.encode()) < 2_000_000
    assert ("There is no session in this log, and so no top song." in html) is (songs == 0)
    assert [name for name in ("answer", "listening", "sessions") if section(html, name)] == (
        ["answer", "listening", "sessions"] if songs else ["answer"]
    )
