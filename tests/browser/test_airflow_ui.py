"""The operator's way through Airflow's UI, as `make ui` brings it up: trigger, wait, read the answer, look back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from include.sample_data.listening import generate_log
from spark_jobs.shared.lake import Lake
from tests.browser.accessibility import grave_faults
from tests.browser.conftest import DESK, PHONE, NewPage
from tests.cli.test_ui import printed, start_ui
from tests.reports import SONG, leave_report

DAG_ID = "listening"

pytestmark = [pytest.mark.browser, pytest.mark.end_to_end]

RUN_DATE = "2009-05-05"
RUN_MILLISECONDS = 1_800_000
OPEN_SECONDS = 300
PAGES = {
    "all run dates": "pipeline/listening/run_dates",
    "all results": "pipeline/listening/data_docs/index.html",
    "a run without a report": f"pipeline/{DAG_ID}/dag_runs/gone",
}


@dataclass(frozen=True)
class Ui:
    """Where Airflow is, its login, and the lake behind it."""

    address: str
    password: str
    lake: Path


@dataclass(frozen=True)
class Run:
    """A run that a person triggered: its page in Airflow, its report's directory, its first song; and the login."""

    address: str
    directory: Path
    first_song: str
    login: Any


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    home = tmp_path_factory.mktemp("browser")
    # Not the log that is asked for: the scheduler's own run ends at its first check, for no line is a listen.
    (home / "proposed.tsv").write_text("u\t2009-05-04T12:00:00Z\t\t\t\tt\n")
    process = start_ui(home / "airflow" / "ui", home / "proposed.tsv", home / "lake")
    shown = printed(process)
    yield Ui(shown["Airflow"], shown["Login"].removeprefix("admin, password "), home / "lake")
    process.terminate()
    process.communicate()


@pytest.fixture(scope="module")
def run(ui: Ui, browser: Browser) -> Iterator[Run]:
    """A run triggered through the form, with another date, log and parameters than it proposes."""
    log = ui.lake.parent / "small.tsv"
    generate_log.main([str(log), "--listens", "300", "--users", "3", "--newest", f"{RUN_DATE}T22:00:00Z"])
    page = browser.new_page(viewport={"width": DESK, "height": 1000})
    log_in(page, ui)
    page.get_by_role("link", name="Dags", exact=True).click()
    expect(page.get_by_role("link", name=DAG_ID, exact=True).first).to_be_visible()
    # Not by that link: the list, with a button for every DAG, stays a while after the address has changed.
    page.goto(f"{ui.address}/dags/{DAG_ID}")
    open_form(page)
    fill_in(page, {"input_path": str(log), "top_songs": "4", "session_gap_minutes": "15"})
    page.locator("footer").get_by_role("button", name="Trigger").click()
    page.goto(f"{ui.address}/dags/{DAG_ID}/runs")
    triggered = page.get_by_role("row").filter(has=page.get_by_role("link", name=re.compile("^manual__")))
    expect(triggered).to_contain_text("Success", timeout=RUN_MILLISECONDS)
    triggered.get_by_role("link").first.click()
    directory = ui.lake / "listening" / "reports" / f"run_date={RUN_DATE}"
    first_song = (directory / "top_songs.tsv").read_text().splitlines()[1].split("\t")[2]
    yield Run(page.url, directory, first_song, page.context.storage_state())
    page.close()


def log_in(page: Page, ui: Ui) -> None:
    page.goto(ui.address)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(ui.password)
    page.get_by_role("button", name="Sign in").click()


def open_form(page: Page) -> None:
    """Open the form, again if need be: what the page still loads closes one that was opened before."""
    field = page.locator("[name=element_input_path]")
    end = time.monotonic() + OPEN_SECONDS
    while not field.is_visible():
        assert time.monotonic() < end, "the form does not stay open"
        page.get_by_role("button", name="Trigger Dag").click()
        with suppress(TimeoutError):
            field.wait_for(timeout=5_000)
        page.wait_for_timeout(1_000)


def fill_in(page: Page, parameters: dict[str, str]) -> None:
    """Fill in Airflow's form as a person does, leaving each field."""
    page.get_by_test_id("datetime-input").click()
    date = page.get_by_role("textbox", name="Logical Date")
    date.fill(RUN_DATE.replace("-", "/"))
    date.press("Enter")
    page.keyboard.press("Escape")
    for name, value in parameters.items():
        field = page.locator(f"[name=element_{name}]")
        field.fill(value)
        field.blur()


def test_triggered_run_uses_form_values_and_shows_report(ui: Ui, run: Run, new_page: NewPage) -> None:
    chosen = json.loads((run.directory / "report.json").read_text())["parameters"]
    assert {name: chosen[name] for name in ("session_gap_minutes", "top_sessions", "top_songs")} == {
        "session_gap_minutes": 15,
        "top_sessions": 50,
        "top_songs": 4,
    }
    page = new_page(storage_state=run.login)
    page.goto(run.address)
    page.get_by_role("link", name="Report", exact=True).click()
    report = page.frame_locator("iframe[title=Report]")
    expect(report.get_by_text(run.first_song).first).to_be_visible()
    report.get_by_role("link", name="Data Docs").first.click()
    expect(report.get_by_role("heading", name="What the checks have found")).to_be_visible()


def test_navigation_leads_to_run_dates_reports_data_docs(ui: Ui, run: Run, new_page: NewPage) -> None:
    page = new_page(storage_state=run.login)
    page.goto(ui.address)
    page.get_by_role("link", name="Run dates").click()
    frame = page.frame_locator("iframe[title='Run dates']")
    frame.get_by_role("link", name="listening", exact=True).click()
    row = frame.get_by_role("row").filter(has_text=RUN_DATE)
    expect(row).to_contain_text(run.first_song)
    row.get_by_role("link", name=RUN_DATE).click()
    expect(frame.get_by_text(run.first_song).first).to_be_visible()
    page.goto(f"{ui.address}/plugin/run_dates")
    frame.get_by_role("link", name="listening", exact=True).click()
    frame.get_by_role("link", name="Data Docs").click()
    frame.get_by_role("link", name="top_songs", exact=True).click()
    expect(frame.get_by_text("Evaluated Expectations")).to_be_visible()
    # The word for an expectation that is met comes from our style alone.
    status = frame.locator("td i.fa-check-circle").first
    assert "met" in status.evaluate("icon => getComputedStyle(icon, '::before').content")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(ui: Ui, run: Run, new_page: NewPage, theme: str, path: str) -> None:
    page = new_page(theme, PHONE, storage_state=run.login)
    page.goto(f"{ui.address}/{path}")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert grave_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_page_runs_no_script_and_loads_nothing_foreign(ui: Ui, run: Run, new_page: NewPage) -> None:
    song = {
        "track_name": "<script>window.ran = true</script>",
        "artist_name": "<img src=x onerror='window.ran = true'>",
    }
    lake, day = Lake(str(ui.lake), "listening"), date(2009, 5, 6)
    directory = leave_report(lake, day, made_at="2009-05-07T00:00:00Z", top_songs=[{**SONG, **song}])
    (directory / "report.html").write_text(
        "<!doctype html><title>x</title><p>here</p><script>window.ran = true</script>"
    )
    page = new_page(storage_state=run.login)
    answered, refused = [], []
    page.on("requestfinished", lambda request: answered.append(request.url))
    page.on("requestfailed", lambda request: refused.append(request.failure))
    for path in ("pipeline/listening/run_dates", "pipeline/listening/reports/run_date=2009-05-06/report.html"):
        page.goto(f"{ui.address}/{path}")
        assert page.evaluate("window.ran") is None
    page.goto(f"{ui.address}/pipeline/listening/run_dates")
    expect(page.get_by_text(song["track_name"])).to_be_visible()
    (result,) = (ui.lake / "listening" / "data_docs" / "validations").glob(f"listens/run date {RUN_DATE}/*/*.html")
    page.goto(f"{ui.address}/pipeline/{result.relative_to(ui.lake)}")
    expect(page.get_by_text("Evaluated Expectations")).to_be_visible()
    assert [url for url in answered if not url.startswith(ui.address)] == []
    # The policy must block the requests of Great Expectations' pages; a failed connection alone proves nothing.
    assert refused
    assert {failure.lower() for failure in refused} <= {"csp", "net::err_blocked_by_csp"}
