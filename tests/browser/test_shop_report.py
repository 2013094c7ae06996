"""The shop's report as a reader's browser shows it, in both themes, on a desk, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.lake import Lake
from tests.browser.accessibility import grave_faults
from tests.browser.conftest import DESK, PHONE, NewPage
from tests.include.report.shop.conftest import SCRIPT, small_shop
from tests.include.report.shop.finished import finish, leave_facts, report
from tests.shop_logs import RUN_DATE, ShopLog

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), "shop")


def whole(lake: Lake) -> Path:
    """A report with all there can be: every reason and warning, an answer before, and a name that is no plain text."""
    finish(lake, small_shop(), RUN_DATE - timedelta(days=1))
    leave_facts(lake, RUN_DATE - timedelta(days=1))
    rejected = {kind.name: dict.fromkeys(kind.reason_names, 1_234_567) for kind in SHOP.kinds}
    warned = {kind.name: dict.fromkeys(kind.warning_names, 1_234_567) for kind in SHOP.kinds}
    finish(lake, small_shop(), RUN_DATE, rejected, warned)
    return report(lake)


def empty(lake: Lake) -> Path:
    finish(lake, ShopLog())
    return report(lake)


KINDS = pytest.mark.parametrize("kind", [whole, empty])


def opened(page: Page, directory: Path) -> Page:
    page.goto((directory / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    return page


@KINDS
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_grave_fault(new_page: NewPage, shop: Lake, kind: Callable[[Lake], Path], theme: str) -> None:
    page = opened(new_page(theme), kind(shop))
    assert grave_faults(page) == []
    page.set_viewport_size({"width": PHONE, "height": 900})
    assert grave_faults(page) == []


@KINDS
def test_the_page_is_never_wider_than_the_window(new_page: NewPage, shop: Lake, kind: Callable[[Lake], Path]) -> None:
    page = opened(new_page(), kind(shop))
    for width in (320, PHONE, 700, DESK):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_phone_shows_revenue_without_scrolling(new_page: NewPage, shop: Lake) -> None:
    page = opened(new_page(width=PHONE), whole(shop))
    for table, cell in (("The best products", "1,007.50"), ("The best customers", "1,005.00")):
        box = page.get_by_role("table", name=table).get_by_role("cell", name=cell).first.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE


def test_pictures_have_names_descriptions_and_tables(new_page: NewPage, shop: Lake) -> None:
    page = opened(new_page(), whole(shop))
    titles = page.locator("figcaption h3").all_inner_texts()
    assert titles == [
        "The funnel by session",
        "The funnel by user",
        "By tier",
        "By device",
        "Conversion and cart abandonment by day",
        "What each stage took",
    ]
    for title in titles:
        picture = page.get_by_role("img", name=title, exact=True)
        assert page.locator(f"#{picture.get_attribute('aria-describedby')}").inner_text().endswith(".")
        assert page.get_by_role("table", name=title, include_hidden=True).count() == 1


def test_labels_lie_within_their_drawing(new_page: NewPage, shop: Lake) -> None:
    page = opened(new_page(), whole(shop))
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


def test_names_are_text_and_every_section_is_reached(new_page: NewPage, shop: Lake) -> None:
    page = opened(new_page(), whole(shop))
    assert page.locator("tbody", has_text=SCRIPT).count() >= 1
    links = page.get_by_role("navigation").get_by_role("link").all()
    assert len(links) == 9
    for link in links:
        link.click()
        assert page.locator(page.evaluate("location.hash")).inner_text() == link.inner_text()
