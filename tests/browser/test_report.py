"""The report as a reader's browser shows it, from a file, in both themes, on a desk, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from include.report.news import LATE
from spark_jobs.shared.lake import Lake
from tests.browser.accessibility import grave_faults
from tests.browser.conftest import DESK, PHONE, NewPage
from tests.include.report.finished import (
    check_says,
    finish,
    finish_daily,
    in_a_row,
    leave_facts,
    look_further,
    report,
    retell,
)
from tests.logs import RUN_DATE

pytestmark = pytest.mark.browser

LONG = "Anthems For A Seventeen-Year-Old Girl And All Her Friends " * 5
SONGS = [
    ("<img src=x onerror=document.title='run'>", "<script>document.title = 'run'</script>"),
    ("فيروز", "نسم علينا الهوى"),
    ("坂本龍一", "Happyend (Live_2009_4_15)"),
    ("A" * 400, LONG),
    ("\u202eeven\u202c", "\x00a\rb\u2028c"),
]


def plain(lake: Lake) -> Path:
    """Make the report of a good answer, with no optional part."""
    finish(
        lake, in_a_row("user_000001", datetime(2009, 5, 1, 12, tzinfo=UTC), [("Cake", "Jolene"), ("Plaid", "Ti Bom")])
    )
    return report(lake)


def whole(lake: Lake) -> Path:
    """A degraded answer with all there can be, and names of all kinds."""
    start = datetime(2009, 3, 1, 12, tzinfo=UTC)
    played = in_a_row("user_000001", start, SONGS * 40, seconds=2)
    for day in range(0, 60, 3):
        played += in_a_row(f"user_{day:06d}", start + timedelta(days=day, hours=day % 7), SONGS[: day % 5 + 1])
    finish(lake, played[:-9], RUN_DATE - timedelta(days=1))
    leave_facts(lake, RUN_DATE - timedelta(days=1))
    finish(lake, played)
    songs = [
        {
            "rank": rank,
            "artist_name": artist,
            "track_name": track,
            "play_count": 9,
            "session_count": 3,
            "listener_count": 2,
        }
        for rank, (artist, track) in enumerate([("Nina Simone", "Sinnerman"), *SONGS[1:]], start=1)
    ]
    listeners = [
        {"user_id": str(age), "session_count": 1, "track_count": 1, "country": f"{age}. \u202ecountry", "age": age}
        for age in range(11, 60, 3)
    ]
    listeners[0]["registered_on"] = date(2006, 8, 13)
    definitions = ("without_implausible_sessions", "longest_by_duration", "gap_10_minutes", "songs_by_track_id")
    look_further(lake, [{"definition": definition, **song} for definition in definitions for song in songs], listeners)
    check_says(lake, "check_listens", warning=["a quality score of 93 " + LONG], info=["one listener"])
    return report(lake)


def empty(lake: Lake) -> Path:
    """Make the report of an empty log whose profiles are unreadable."""
    finish(lake, [])
    retell(lake, "ranking", profiles={"path": "/p.tsv", "problem": "It has no header."})
    return report(lake)


def daily(lake: Lake) -> Path:
    """Make the report of a daily load with late listens and files of all kinds of names."""
    before = in_a_row("user_000001", datetime(2009, 5, 3, 23, tzinfo=UTC), SONGS * 4)
    new = in_a_row("user_000002", datetime(2009, 5, 4, 12, tzinfo=UTC), [("Cake", "Jolene"), ("Plaid", "Ti Bom")])
    finish(lake, before, RUN_DATE - timedelta(days=1))
    leave_facts(lake, RUN_DATE - timedelta(days=1))
    late = {"events": 1, "most_days": 400, **dict.fromkeys(LATE, 0), "later": 1}
    files = [f"/logs/{name}.tsv" for _, name in SONGS]
    finish_daily(lake, before, new, RUN_DATE, late=late, files_changed=files[:1], files_known=[*files, LONG])
    return report(lake)


KINDS = pytest.mark.parametrize("kind", [plain, whole, empty, daily])


def opened(page: Page, directory: Path) -> Page:
    page.goto((directory / "report.html").as_uri())
    return page


@KINDS
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_grave_fault(new_page: NewPage, lake: Lake, kind: Callable[[Lake], Path], theme: str) -> None:
    page = opened(new_page(theme), kind(lake))
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert grave_faults(page) == []
    page.set_viewport_size({"width": PHONE, "height": 900})
    assert grave_faults(page) == []


@KINDS
@pytest.mark.parametrize("width", [320, PHONE, 700, DESK])
def test_the_page_is_never_wider_than_the_window(
    new_page: NewPage, lake: Lake, kind: Callable[[Lake], Path], width: int
) -> None:
    page = opened(new_page(width=width), kind(lake))
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_page_loads_nothing_and_runs_no_name(new_page: NewPage, lake: Lake) -> None:
    page = new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    opened(page, whole(lake))
    assert [url.rpartition("/")[2] for url in asked] == ["report.html"]
    assert said == []
    assert page.title() == f"Top songs of the longest sessions · {RUN_DATE}"
    assert page.locator("tbody", has_text="<script>document.title = 'run'</script>").count() >= 1


def test_screen_readers_find_headings_landmarks_and_tables(new_page: NewPage, lake: Lake) -> None:
    page = opened(new_page(), whole(lake))
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Top songs of the longest sessions"]
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        assert page.get_by_role(landmark).count() == 1
    titles = page.locator("figcaption h3").all_inner_texts()
    assert titles == [
        "Where the plays come from",
        "When people listened",
        "The hours of the week",
        "How long the sessions are",
        "Where they live",
        "How old they are",
        "When they joined",
        "What each stage took",
    ]
    for title in titles:
        picture = page.get_by_role("img", name=title, exact=True)
        described = page.locator(f"#{picture.get_attribute('aria-describedby')}").inner_text()
        assert described.endswith(".")
        assert page.get_by_role("table", name=title, include_hidden=True).count() == 1


def test_every_section_can_be_reached_by_its_link(new_page: NewPage, lake: Lake) -> None:
    page = opened(new_page(), whole(lake))
    links = page.get_by_role("navigation").get_by_role("link").all()
    assert len(links) == 7
    for link in links:
        link.click()
        heading = page.locator(page.evaluate("location.hash"))
        assert heading.inner_text() == link.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_drawing_shows_with_bars_in_theme_colours(new_page: NewPage, lake: Lake, theme: str) -> None:
    page = opened(new_page(theme), whole(lake))
    for width, one in ((DESK, "wide-one"), (PHONE, "narrow")):
        page.set_viewport_size({"width": width, "height": 900})
        figure = page.locator("figure", has_text="When people listened")
        assert figure.locator("svg:visible").count() == 1
        assert figure.locator(f".{one} svg").is_visible()
    colours = page.evaluate(
        """() => [...document.querySelectorAll('figure svg path')].map(path => getComputedStyle(path).fill)"""
    )
    assert {"light": "rgb(29, 92, 150)", "dark": "rgb(127, 178, 229)"}[theme] in colours


def test_printed_page_is_white_with_all_sessions(new_page: NewPage, lake: Lake) -> None:
    page = opened(new_page("dark"), whole(lake))
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.get_by_role("navigation").is_visible()
    assert page.get_by_role("table", name="The longest sessions from rank 11").is_visible()
