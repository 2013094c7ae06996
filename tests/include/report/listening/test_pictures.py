"""The pictures are right in their sentences, their tables and their drawings."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from include.report.listening.listeners import Profile, listener_groups
from include.report.listening.model import ListeningReport
from include.report.listening.pictures import pictures
from include.report.listening.words import NOUNS
from include.report.page import common_parts
from include.report.picture import Picture
from spark_jobs.shared.lake import Lake
from tests.frames import at
from tests.include.report.conftest import SCRIPT
from tests.include.report.finished import PARAMETERS, finish, in_a_row, listens, made

SVG = "{http://www.w3.org/2000/svg}"


def shown(report: ListeningReport) -> dict[str, Picture]:
    """The pictures of the page, by name."""
    return common_parts(report, NOUNS, pictures(report)).pictures


def drawn(lake: Lake, parameters: dict[str, Any] = PARAMETERS) -> dict[str, Picture]:
    return shown(made(lake, parameters=parameters))


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_pictures_are_svg_in_theme_colours_both_widths(finished_lake: Lake) -> None:
    found = drawn(finished_lake)
    assert list(found) == ["spread", "lengths", "over_time", "week", "stages"]
    for picture in found.values():
        for svg, widest in ((picture.wide, 680), (picture.narrow, 340)):
            root = ElementTree.fromstring(svg)
            assert float(root.get("width", "inf")) <= widest + 1
            colours = {element.get(name) for element in root.iter() for name in ("fill", "stroke")}
            # Vega writes "transparent" and "none"; any other colour would be the same in both themes.
            assert {colour for colour in colours if colour and not colour.startswith("var(--")} <= {
                "none",
                "transparent",
            }
        assert picture.title
        assert picture.units
        assert picture.says
        assert {len(row) for row in picture.table} == {len(picture.table[0])}


def test_names_are_text_in_a_drawing(finished_lake: Lake) -> None:
    spread = drawn(finished_lake)["spread"]
    assert "<script" not in spread.wide
    assert any(SCRIPT in text for text in texts(spread.wide))
    assert "\r" not in spread.wide


def test_the_spread_tells_songs_that_one_listener_made(lake: Lake) -> None:
    played = in_a_row("u", at("12:00:00"), [("A", "a")] * 30 + [("A", "b")] * 2)
    played += in_a_row("v", at("12:00:00"), [("A", "b")] * 3)
    finish(lake, played + in_a_row("w", at("12:00:00"), [("A", "b")] * 2))
    spread = drawn(lake)["spread"]
    assert spread.says == "1 of 2 songs owe more than half of their plays to one listener."
    assert spread.table == [
        ("Song", "Plays", "Sessions", "Listeners", "Most in one session", "By one listener"),
        ("1  \u2068a\u2069", "30", "1", "1", "30", "30 (100%)"),
        ("2  \u2068b\u2069", "7", "3", "3", "3", "3 (43%)"),
    ]
    bars = [
        path.get("fill")
        for path in ElementTree.fromstring(spread.wide).iter(f"{SVG}path")
        if path.get("d", "")[-1:] == "Z"
    ]
    assert bars.count("var(--accent)") == 2
    assert bars.count("var(--quiet)") == 2


def test_of_a_thousand_songs_ten_are_drawn(lake: Lake) -> None:
    parameters = {**PARAMETERS, "top_songs": 1000}
    finish(lake, in_a_row("u", at("12:00:00"), [("A", str(number)) for number in range(1000)]), parameters=parameters)
    spread = drawn(lake, parameters)["spread"]
    assert len(spread.table) == 11
    assert sum("\u2068" in text for text in texts(spread.wide)) == 10


def test_gaps_in_time_are_said_and_drawn(lake: Lake) -> None:
    finish(lake, listens(("u", "2009-05-01T12:00:00", "A", "b"), ("u", "2009-05-04T12:00:00", "A", "b")))
    picture = drawn(lake)["over_time"]
    assert picture.units == "Listens, and sessions by their start, a day (UTC)"
    assert picture.says == "Most listens: 1 May 2009, 1. No listens in 2 of 4 days."
    assert picture.key == {"alarm": "no listens"}
    assert picture.table[2:4] == [("2 May 2009", "0", "0"), ("3 May 2009", "0", "0")]
    assert picture.wide.count("var(--alarm)") == 4
    finish(lake, listens(("u", "2009-05-01T12:00:00", "A", "b"), ("u", "2009-05-02T12:00:00", "A", "b")))
    picture = drawn(lake)["over_time"]
    assert picture.says == "Most listens: 1 May 2009, 1. No day is without listens."
    assert (picture.key, picture.wide.count("var(--alarm)")) == ({}, 0)


@pytest.mark.parametrize(
    ("days", "label", "units"),
    [
        pytest.param(100, "week of 27 April 2009", "Listens, and sessions by their start, a week (UTC)", id="weeks"),
        pytest.param(1200, "May 2009", "Listens, and sessions by their start, a month (UTC)", id="months"),
    ],
)
def test_long_interval_is_drawn_by_week_or_month(lake: Lake, days: int, label: str, units: str) -> None:
    last = datetime(2009, 5, 1, 12, tzinfo=UTC)
    finish(lake, in_a_row("u", last - timedelta(days=days), [("A", "b")]) + in_a_row("u", last, [("A", "b")] * 2))
    picture = drawn(lake)["over_time"]
    assert picture.units == units
    assert picture.says.startswith(f"Most listens: {label}, 2. No listens in ")
    assert picture.table[-1] == (label, "2", "1")


def test_listens_far_outside_are_told_not_drawn(lake: Lake) -> None:
    dense = datetime(2009, 5, 1, 12, tzinfo=UTC)
    played = in_a_row("u", dense, [("A", "b")] * 150) + in_a_row("v", dense + timedelta(days=2), [("A", "b")] * 150)
    finish(lake, listens(("w", "2005-01-01T12:00:00", "A", "b"), ("w", "2006-01-01T12:00:00", "A", "b")) + played)
    picture = drawn(lake)["over_time"]
    assert picture.says == (
        "Most listens: 1 May 2009, 150. No listens in 1 of 3 days. "
        "Not drawn: 2 earlier listens (1 January 2005 to 1 January 2006)."
    )
    assert picture.table[1:] == [
        ("earlier: 1 January 2005 to 1 January 2006", "2", "2"),
        ("1 May 2009", "150", "1"),
        ("2 May 2009", "0", "0"),
        ("3 May 2009", "150", "1"),
    ]
    assert not any("2005" in text or "2006" in text for text in texts(picture.wide))


def test_the_week_names_its_fullest_and_emptiest_hour(finished_lake: Lake) -> None:
    week = drawn(finished_lake)["week"]
    assert week.says == "Most in the hour from 12:00 on Fri (3), fewest from 0:00 on Mon (0)."
    assert week.table[5] == ("Fri", *("0",) * 12, "3", *("0",) * 5, "1", *("0",) * 5)


def test_lengths_say_what_the_longest_are(finished_lake: Lake) -> None:
    lengths = drawn(finished_lake)["lengths"]
    assert lengths.says == "1 of 2 sessions have a single track; the 2 longest have 1 to 3."
    assert lengths.table[1:] == [("1", "1", "1"), ("2 to 3", "1", "1")]


def test_stages_say_what_took_longest(finished_lake: Lake) -> None:
    stages = drawn(finished_lake)["stages"]
    assert stages.says == "data_quality took 62% of 20 seconds."
    assert stages.table[1:] == [("data_quality", "12.5"), ("ranking", "7.5")]


def test_where_there_is_nothing_no_picture_is_drawn(lake: Lake) -> None:
    finish(lake, [])
    assert list(drawn(lake)) == ["stages"]


def test_listeners_are_counted_by_country_age_joining_year() -> None:
    groups = listener_groups(
        [
            Profile("Japan", 29, date(2005, 12, 31)),
            Profile("Japan", 30, date(2007, 1, 1)),
            Profile("Brazil", 51, None),
            Profile("Åland", None, date(2005, 1, 1)),
            Profile(None, None, None),
        ]
    )
    assert groups is not None
    assert groups.model_dump(mode="json") == {
        "listeners": 5,
        "countries": [
            {"country": "Japan", "listeners": 2},
            {"country": "Brazil", "listeners": 1},
            {"country": "Åland", "listeners": 1},
            {"country": None, "listeners": 1},
        ],
        "ages": [
            {"from_age": 20, "listeners": 1},
            {"from_age": 30, "listeners": 1},
            {"from_age": 40, "listeners": 0},
            {"from_age": 50, "listeners": 1},
            {"from_age": None, "listeners": 2},
        ],
        "joined": [
            {"year": 2005, "listeners": 2},
            {"year": 2006, "listeners": 0},
            {"year": 2007, "listeners": 1},
            {"year": None, "listeners": 2},
        ],
    }
    assert listener_groups([]) is None


def test_beyond_ten_countries_the_listeners_are_added_up(finished_lake: Lake) -> None:
    listeners = listener_groups([Profile(f"Land {number:02d}", None, None) for number in range(13)])
    table = shown(made(finished_lake).model_copy(update={"listeners": listeners}))["countries"].table
    assert [re.sub("[\u2068\u2069]", "", label) for label, _ in table[-2:]] == ["Land 09", "other countries"]
    assert table[-1][1] == "3"
