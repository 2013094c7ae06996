"""The notes' report as a reader's browser shows it, in both themes, on a desk, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.lake import Lake
from tests.browser.accessibility import grave_faults
from tests.browser.conftest import DESK, PHONE, NewPage
from tests.include.report.notes.conftest import SCRIPT
from tests.include.report.notes.finished import finish, finish_tables, leave_facts, report
from tests.include.report.notes.made_up import made_up
from tests.notes_rows import D

pytestmark = pytest.mark.browser


@pytest.fixture
def notes(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), "notes")


def whole(lake: Lake) -> Path:
    """A report with all there can be: every reason and warning, an answer before, and a name that is no plain text."""
    finish_tables(lake, made_up(199, D - timedelta(days=1)), D - timedelta(days=1))
    leave_facts(lake, D - timedelta(days=1))
    rejected = {kind.name: dict.fromkeys(kind.reason_names, 1_234_567) for kind in NOTES.kinds}
    warned = {kind.name: dict.fromkeys(kind.warning_names, 1_234_567) for kind in NOTES.kinds}
    tables = made_up(200, D)
    tables["power_users"][0]["user_id"] = SCRIPT
    finish_tables(lake, tables, D, rejected, warned)
    return report(lake)


def young(lake: Lake) -> Path:
    """A log of two weeks, whose first cohort has a mark."""
    finish_tables(lake, made_up(14, D))
    return report(lake)


def empty(lake: Lake) -> Path:
    finish(lake)
    return report(lake)


KINDS = pytest.mark.parametrize("kind", [whole, young, empty])


def opened(page: Page, directory: Path) -> Page:
    page.goto((directory / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    return page


@KINDS
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_grave_fault(new_page: NewPage, notes: Lake, kind: Callable[[Lake], Path], theme: str) -> None:
    page = opened(new_page(theme), kind(notes))
    assert grave_faults(page) == []
    page.set_viewport_size({"width": PHONE, "height": 900})
    assert grave_faults(page) == []


@KINDS
def test_the_page_is_never_wider_than_the_window(new_page: NewPage, notes: Lake, kind: Callable[[Lake], Path]) -> None:
    page = opened(new_page(), kind(notes))
    for width in (320, PHONE, 700, DESK):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_phone_shows_main_columns_without_scrolling(new_page: NewPage, notes: Lake) -> None:
    page = opened(new_page(width=PHONE), whole(notes))
    columns = {
        "The run date and days before it": "Stickiness",
        "By country": "Bounce rate",
        "Power users": "Of all active time",
        "Unusual days, the latest first": "Standard deviations off",
    }
    for table, column in columns.items():
        box = page.get_by_role("table", name=table, exact=True).get_by_role("columnheader", name=column).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE


def test_pictures_have_names_descriptions_and_tables(new_page: NewPage, notes: Lake) -> None:
    page = opened(new_page(), whole(notes))
    titles = page.locator("figcaption h3").all_inner_texts()
    assert titles == [
        "Active users by day",
        "Each day beside the 28 before it",
        "Cohorts week by week",
        "All cohorts together",
        "On how many of 28 days users are active",
        "Load times by version",
        "Load times and the age of devices",
        "What each stage took",
    ]
    for title in titles:
        picture = page.get_by_role("img", name=title, exact=True)
        assert page.locator(f"#{picture.get_attribute('aria-describedby')}").inner_text().endswith(".")
        assert page.get_by_role("table", name=title, include_hidden=True).count() == 1


@pytest.mark.parametrize("kind", [whole, young])
def test_labels_lie_within_their_drawing(new_page: NewPage, notes: Lake, kind: Callable[[Lake], Path]) -> None:
    page = opened(new_page(), kind(notes))
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 900})
        outside = page.evaluate(
            """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
                const frame = svg.getBoundingClientRect()
                return [...svg.querySelectorAll('text')].filter(text => {
                    const box = text.getBoundingClientRect()
                    return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1)
                }).map(text => text.textContent)
            })"""
        )
        assert outside == []


def test_names_are_text_and_every_section_is_reached(new_page: NewPage, notes: Lake) -> None:
    page = opened(new_page(), whole(notes))
    assert page.locator("tbody", has_text=SCRIPT).count() >= 1
    links = page.get_by_role("navigation").get_by_role("link").all()
    assert len(links) == 10
    for link in links:
        link.click()
        assert page.locator(page.evaluate("location.hash")).inner_text() == link.inner_text()
