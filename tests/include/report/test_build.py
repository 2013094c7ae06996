"""The report's files, and that a program can rely on `report.json`."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from include.report import json_schema
from include.report.json_schema import DIRECTORY, text_of
from include.report.listening import report as listening_report
from include.report.listening.model import ListeningReport
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.logs.listening.contract import LISTENS
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from tests.include.report.conftest import SCRIPT
from tests.include.report.finished import (
    PARAMETERS,
    check_says,
    facts,
    finish,
    finish_daily,
    leave_facts,
    listens,
    look_further,
    report,
    retell,
)
from tests.logs import RUN_DATE
from tests.published import leave_records

SCHEMA = Draft202012Validator(json.loads((DIRECTORY / "listening.schema.json").read_bytes()))
SONGS = [
    {"rank": 1, "artist_name": '"Weird Al"', "track_name": SCRIPT},
    {"rank": 2, "artist_name": "坂本龍一", "track_name": "a\rb"},
]


def test_tsv_has_tabs_and_lf_but_no_quoting(finished_lake: Lake) -> None:
    assert (report(finished_lake) / "top_songs.tsv").read_bytes().decode() == (
        "rank\tartist_name\ttrack_name\tplay_count\tsession_count\tlistener_count\n"
        f'1\t"Weird Al"\t{SCRIPT}\t3\t2\t2\n'
        "2\t坂本龍一\ta\rb\t1\t1\t1\n"
    )


def test_json_holds_the_answer_and_its_provenance(finished_lake: Lake) -> None:
    facts = json.loads((report(finished_lake) / "report.json").read_text(encoding="utf-8"))
    assert facts.pop("made_at")
    assert sorted(facts.pop("snapshots")) == ["chosen_listens", "listens", "sessions", "top_sessions", "top_songs"]
    check = {"expectations": 5, "met": 5}
    counts = {"records_read": 10, "events_accepted": 4, "records_rejected": 6}
    times = {"first_event_at": "2009-05-01T12:00:00Z", "last_event_at": "2009-05-01T18:00:00Z"}
    sentences = {one.name: one.sentence for one in (*LISTENS.reasons, *LISTENS.warnings)}
    session = {"duration_seconds": 0, "track_count": 1, "distinct_song_count": 1, "is_implausible": False}
    first = {"session_rank": 1, "user_id": "u"}
    second = {"session_rank": 2, "user_id": "v"}
    by_weekday = [[0] * 24 for _ in range(7)]
    by_weekday[4][12], by_weekday[4][18] = 3, 1
    assert facts == {
        "run_date": "2009-05-04",
        "run_id": "run 2009-05-04",
        "published_by_hand": None,
        "verdict": "good",
        "degraded_because": [],
        "flags": [],
        "parameters": PARAMETERS,
        "input": {"path": "/logs/<day>.tsv", "files": 1, "bytes": 99},
        "counts": {**counts, "users": 2, "sessions": 2},
        "log": {"events": 4, **times},
        "new": None,
        "quality_score": 99.5,
        "rejected": [
            {"kind": "listens", "name": name, "sentence": sentences[name], "records": records}
            for name, records in (("field_count", 4), ("duplicate", 2))
        ],
        "warnings": [
            {
                "kind": "listens",
                "name": "missing_track_id",
                "sentence": sentences["missing_track_id"],
                "records": 2,
            }
        ],
        "files": [{"file": "/logs/<day>.tsv", "bytes": 99, **counts}],
        **times,
        "stage_seconds": {"data_quality": 12.5, "ranking": 7.5},
        "spark": {},
        "checks": {"check_listens": check, "check_sessions": check, "check_top_songs": check},
        "top_songs": [
            {**SONGS[0], "play_count": 3, "session_count": 2, "listener_count": 2},
            {**SONGS[1], "play_count": 1, "session_count": 1, "listener_count": 1},
        ],
        "top_sessions": [
            {
                **{"rank": 1, "session_id": "u-20090501T120000Z", "user_id": "u"},
                **{"started_at": "2009-05-01T12:00:00Z", "ended_at": "2009-05-01T12:06:00Z", "duration_seconds": 360},
                **{"track_count": 3, "distinct_song_count": 2, "is_implausible": False, "tracks_per_minute": 0.5},
            },
            {
                **{"rank": 2, "session_id": "v-20090501T180000Z", "user_id": "v"},
                **{"started_at": "2009-05-01T18:00:00Z", "ended_at": "2009-05-01T18:00:00Z"},
                **session,
                "tracks_per_minute": 1.0,
            },
        ],
        "song_spread": [
            {
                **SONGS[0],
                "sessions": [{**first, "plays": 2}, {**second, "plays": 1}],
                **{"other_plays": 0, "first_listener": "u", "first_listener_plays": 2},
            },
            {
                **SONGS[1],
                "sessions": [{**first, "plays": 1}],
                **{"other_plays": 0, "first_listener": "u", "first_listener_plays": 1},
            },
        ],
        "over_time": {
            **{"period": "day", "periods": [{"start": "2009-05-01", "listens": 4, "sessions": 2}]},
            **{"earlier": None, "later": None},
        },
        "by_weekday": by_weekday,
        "session_lengths": [
            {"from_tracks": 1, "to_tracks": 1, "sessions": 1, "top_sessions": 1},
            {"from_tracks": 2, "to_tracks": 3, "sessions": 1, "top_sessions": 1},
        ],
        "alternatives": None,
        "listeners": None,
        "profiles_problem": None,
        "since_previous": None,
    }


def alternatives() -> list[dict[str, Any]]:
    counts = {"play_count": 2, "session_count": 2, "listener_count": 1}
    other = {"artist_name": "Cake", "track_name": "Jolene", **counts}
    return [
        {"definition": "songs_by_track_id", **SONGS[0], **counts},
        {"definition": "gap_10_minutes", "rank": 2, **other},
        {"definition": "gap_10_minutes", **SONGS[1], **counts, "rank": 1},
    ]


def listener(user: str, country: str | None, age: int | None, joined: date | None) -> dict[str, Any]:
    profile = {"country": country, "age": age, "registered_on": joined}
    return {"user_id": user, "session_count": 1, "track_count": 3, **profile}


def test_alternatives_come_in_page_order_with_their_changes(finished_lake: Lake) -> None:
    look_further(finished_lake, alternatives(), [])
    gap, track_id = facts(finished_lake)["alternatives"]
    assert (gap["definition"], track_id["definition"]) == ("gap_10_minutes", "songs_by_track_id")
    assert [song["track_name"] for song in gap.pop("top_songs")] == ["a\rb", "Jolene"]
    script = {"artist_name": '"Weird Al"', "track_name": SCRIPT}
    japanese = {"artist_name": "坂本龍一", "track_name": "a\rb"}
    jolene = {"artist_name": "Cake", "track_name": "Jolene"}
    assert gap == {
        "definition": "gap_10_minutes",
        "kept": 1,
        "entered": [{**jolene, "from_rank": None, "to_rank": 2}],
        "left": [{**script, "from_rank": 1, "to_rank": None}],
        "up": [{**japanese, "from_rank": 2, "to_rank": 1}],
        "down": [],
    }


def test_report_ignores_alternatives_of_an_earlier_run(finished_lake: Lake) -> None:
    look_further(finished_lake, alternatives(), [listener("u", "Japan", 30, date(2006, 1, 1))])
    assert facts(finished_lake)["listeners"] is not None
    finish(finished_lake, listens(("u", "12:00:00", "A", "B")))
    found = facts(finished_lake)
    assert (found["alternatives"], found["listeners"], found["profiles_problem"]) == (None, None, None)


def test_alternative_without_sessions_is_listed_own_gap_not(finished_lake: Lake) -> None:
    look_further(finished_lake, alternatives(), [])
    made = {"made": True, "definitions": ["longest_by_duration", "gap_10_minutes", "songs_by_track_id"]}
    retell(finished_lake, "ranking", alternatives=made)
    found = {one["definition"]: len(one["top_songs"]) for one in facts(finished_lake)["alternatives"]}
    assert found == {"longest_by_duration": 0, "gap_10_minutes": 2, "songs_by_track_id": 1}


def test_the_markdown_of_an_empty_window_says_so(lake: Lake) -> None:
    of_a_week = {**PARAMETERS, "window_days": 7}
    finish(lake, listens(("u", "2009-04-27T23:59:59", "A", "B")), parameters=of_a_week)
    assert (report(lake, parameters=of_a_week) / "report.md").read_text().splitlines() == [
        "**Top songs of the longest sessions, 4 May 2009**: good, quality score 99.50 of 100",
        "",
        "No session started in the 7 days up to the run date's end, and so there is no top song.",
    ]


def test_reports_of_all_kinds_fit_the_schema(finished_lake: Lake) -> None:
    kinds = {"plain": facts(finished_lake)}
    look_further(
        finished_lake, alternatives(), [listener("u", "Japan", 30, date(2006, 1, 1)), listener("v", None, None, None)]
    )
    check_says(finished_lake, "check_listens", warning=["a score of 93"], info=["a flag"])
    kinds["degraded, with all there can be"] = facts(finished_lake)
    retell(finished_lake, "ranking", profiles={"path": "/p", "problem": "it has no header"})
    leave_facts(finished_lake, RUN_DATE)
    kinds["broken profiles"] = facts(finished_lake)
    finish(finished_lake, listens(("u", "2009-05-03T12:00:00", "A", "B")), RUN_DATE + timedelta(days=1))
    kinds["after another one"] = facts(finished_lake, RUN_DATE + timedelta(days=1))
    finish(finished_lake, [], RUN_DATE + timedelta(days=2))
    kinds["empty"] = facts(finished_lake, RUN_DATE + timedelta(days=2))
    of_a_week = {**PARAMETERS, "window_days": 7}
    finish(finished_lake, listens(("u", "12:00:00", "A", "B")), RUN_DATE + timedelta(days=30), of_a_week)
    kinds["of an empty window"] = facts(finished_lake, RUN_DATE + timedelta(days=30), of_a_week)
    day = RUN_DATE + timedelta(days=3)
    finish_daily(finished_lake, [], listens(("u", "2009-05-07T12:00:00", "A", "B")), day, files_changed=["/a.tsv"])
    kinds["a day"] = facts(finished_lake, day)
    finish_daily(finished_lake, [], [], day)
    retell(finished_lake, "session_analysis", day, new=None)
    kinds["an empty day, its sessions cut again"] = facts(finished_lake, day)
    assert {kind: [fault.message for fault in SCHEMA.iter_errors(found)] for kind, found in kinds.items()} == {
        kind: [] for kind in kinds
    }
    assert kinds["after another one"]["since_previous"]["run_date"] == "2009-05-04"
    for found in kinds.values():
        assert ListeningReport.model_validate(found).model_dump(mode="json") == found
    assert [fault.validator for fault in SCHEMA.iter_errors({**kinds["plain"], "verdict": "fine"})] == ["enum"]
    assert [fault.validator for fault in SCHEMA.iter_errors({**kinds["plain"], "more": 1})] == ["additionalProperties"]


def test_schema_is_that_of_the_model(tmp_path: Path) -> None:
    logs = ("listening", "notes", "shop")
    names, texts = [f"{log}.schema.json" for log in logs], [text_of(log) for log in logs]
    assert [(DIRECTORY / name).read_text() for name in names] == texts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["json_schema", "--check"])
        with pytest.raises(SystemExit, match=f"not what the models say: {', '.join(names)} in .*: make format"):
            json_schema.main(tmp_path)
        patch.setattr(sys, "argv", ["json_schema"])
        json_schema.main(tmp_path)
    assert [(tmp_path / name).read_text() for name in names] == texts


def test_markdown_is_short_and_shows_names_verbatim(lake: Lake) -> None:
    names = [
        "*NSYNC",
        "_a_ `b` ~~c~~",
        "<b>&amp;</b>",
        "[x](http://y)",
        "# | $1$",
        "back\\slash",
        "坂本龍一",
        "line\rend",
    ]
    finish(lake, listens(*(("u", f"12:{minute:02d}:00", name, name) for minute, name in enumerate(names))))
    text = (report(lake) / "report.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 20
    html = MarkdownIt().render(text)
    shown = [item.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for item in _items(html)]
    plain = sorted(name.replace("\r", " ") for name in names)
    assert sorted(shown) == [f"{name}: {name}, 1 play in 1 session" for name in plain]
    assert "<strong>Top songs of the longest sessions, 4 May 2009</strong>: good, quality score 99.50 of 100" in html


def _items(html: str) -> list[str]:
    (ranking,) = re.findall("<ol>(.*)</ol>", html, re.DOTALL)
    return re.findall("<li>(.*)</li>", ranking)


def test_markdown_says_changes_and_why_it_is_degraded(finished_lake: Lake) -> None:
    leave_facts(finished_lake, RUN_DATE)
    tomorrow = RUN_DATE + timedelta(days=1)
    finish(finished_lake, listens(("u", "12:00:00", "坂本龍一", "a\rb"), ("u", "12:01:00", "Cake", "Jolene")), tomorrow)
    check_says(finished_lake, "check_listens", warning=["a score of 93"], run_date=tomorrow)
    text = (report(finished_lake, tomorrow, {**PARAMETERS, "top_sessions": 40}) / "report.md").read_text()
    assert text.splitlines() == [
        "**Top songs of the longest sessions, 5 May 2009**: degraded, quality score 99.50 of 100",
        "- a score of 93",
        "",
        "1. Cake: Jolene, 1 play in 1 session",
        "2. 坂本龍一: a b, 1 play in 1 session",
        "",
        r'Since 4 May 2009 (made with another top\_sessions): in Cake: Jolene; out "Weird Al": \<script\>alert(1)'
        r"\</script\>; 0 up, 0 down; verdict then good, quality score +0.00.",
    ]


def test_publication_that_left_nothing_is_named(finished_lake: Lake) -> None:
    shutil.rmtree(Path(finished_lake.publication(RUN_DATE, 0)).parent)
    with pytest.raises(MissingRecordError, match=r"published/\d+\.json does not exist; publish 2009-05-04 again"):
        report(finished_lake)


def test_failed_page_leaves_the_earlier_report_unchanged(finished_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: dict[str, Any]) -> str:
        raise ValueError("no such filter")

    before = {file.name: file.read_bytes() for file in report(finished_lake).iterdir()}
    monkeypatch.setattr(listening_report, "render_markdown", fail)
    with pytest.raises(ValueError, match="no such filter"):
        report(finished_lake)
    directory = Path(finished_lake.report(RUN_DATE))
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == before


def test_report_is_of_the_published_run(finished_lake: Lake) -> None:
    before = facts(finished_lake)
    leave_records(finished_lake, RUN_DATE, {"sessions": 7}, "a later run")
    assert facts(finished_lake) == {**before, "made_at": ANY}


def test_report_that_fails_is_made_by_its_retry(finished_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(listening_report, "render_html", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            report(finished_lake)
    assert not Path(finished_lake.report(RUN_DATE)).exists()
    assert (report(finished_lake) / "report.json").is_file()


def test_unpublished_date_has_no_report(finished_lake: Lake) -> None:
    with pytest.raises(NotPublishedError, match="no run of listening is published for 2009-05-05"):
        report(finished_lake, RUN_DATE + timedelta(days=1))
    assert not Path(finished_lake.report(RUN_DATE + timedelta(days=1))).exists()
