"""Run the pipeline on the sample log and take docs/report.png: the report as far as its first picture."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

from playwright.sync_api import sync_playwright

from cli.environment import PROJECT
from spark_jobs.shared.lake import Lake
from tests.commands import started
from tests.stack.tools import chromium

PICTURE = PROJECT / "docs" / "report.png"
LAKE = Lake(str(PROJECT / ".build" / "picture-lake"), "listening")
# The same day makes the same sample, and so the same answer.
RUN_DATE = date(2009, 5, 4)
WIDTH = 860


def main() -> None:
    """Run on a lake of its own and take the picture."""
    browser = chromium()
    subprocess.run(**started("cli run", LAKE=LAKE.root, RUN_DATE=str(RUN_DATE)), cwd=PROJECT, check=True)
    take(Path(str(LAKE.report(RUN_DATE) / "report.html")), browser)
    print(PICTURE)


def take(page_file: Path, browser: Path) -> None:
    """Photograph the report from its head to the end of its first section."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=browser) as launched:
        page = launched.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(page_file.as_uri())
        height = page.evaluate("document.querySelector('section').getBoundingClientRect().bottom")
        page.screenshot(path=PICTURE, clip={"x": 0, "y": 0, "width": WIDTH, "height": height}, full_page=True)


if __name__ == "__main__":
    main()
