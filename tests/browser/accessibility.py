"""Accessibility faults of a page, found by axe-core: for readers with poor sight or only a keyboard."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")


def grave_faults(page: Page, inside: str = "html") -> list[str]:
    """The serious and critical faults below a CSS selector, one sentence each with the elements at fault."""
    violations = Axe().run(page, context={"include": [[inside]]}).response["violations"]
    grave = [fault for fault in violations if fault["impact"] in GRAVE]
    return [f"{fault['impact']}: {fault['help']}: {', '.join(_places(fault))}" for fault in grave]


def _places(fault: dict[str, Any]) -> list[str]:
    return [f"{node['target']} ({node['failureSummary']})" for node in fault["nodes"]]
