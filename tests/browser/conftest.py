"""A real Chromium for tests that look at pages as a person does: `make test-browser`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.stack.tools import chromium

NewPage = Callable[..., Page]
PHONE, DESK = 390, 1280

# A busy machine may take longer to show something than the five seconds that are the default.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests. Its driver holds an event loop: no test beside it can call asyncio.run."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium()) as launched:
        yield launched


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Make an empty page: `theme` is light or dark, `width` in CSS pixels; the rest are Playwright's own options.

    Each page has cookies and a cache of its own, and is closed with the test.
    """
    contexts = []

    def new_page(theme: str = "light", width: int = DESK, **options: Any) -> Page:
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(color_scheme=theme, viewport=viewport, **options))
        return contexts[-1].new_page()

    yield new_page
    for context in contexts:
        context.close()
