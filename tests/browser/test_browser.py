"""That the browser and axe-core see what is there: else tests that look with them prove nothing."""

from __future__ import annotations

import pytest

from tests.browser.accessibility import grave_faults
from tests.browser.conftest import PHONE, NewPage

pytestmark = pytest.mark.browser

THEMED = """<!doctype html><html lang="en"><title>A page</title><style>
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
</style><main><h1>A page</h1>%s</main></html>"""


@pytest.mark.parametrize(("theme", "background"), [("light", "rgba(0, 0, 0, 0)"), ("dark", "rgb(17, 17, 17)")])
def test_page_has_the_requested_theme_and_width(new_page: NewPage, theme: str, background: str) -> None:
    page = new_page(theme, PHONE)
    page.set_content(THEMED % "")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    assert page.evaluate("window.innerWidth") == PHONE


def test_faults_of_accessibility_are_found_and_named(new_page: NewPage) -> None:
    page = new_page()
    page.set_content(THEMED % '<p id="sound">text</p>')
    assert grave_faults(page) == []
    page.set_content(THEMED % '<p id="pale" style="color: #ccc">text</p><img src="data:,">')
    contrast, image = sorted(grave_faults(page), key=lambda fault: "critical" in fault)
    assert contrast.startswith("serious: ")
    assert "#pale" in contrast
    assert image.startswith("critical: ")
    assert grave_faults(page, "h1") == []
