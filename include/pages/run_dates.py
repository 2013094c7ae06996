"""The run dates there are, and what is known of each: from the lake, and from Airflow's runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from upath import UPath

from include.notify import alerts
from include.pages.dag_runs import has_failed, is_under_way, made
from include.report.model import RunReport
from include.runs.records import read_report
from spark_jobs.shared.documents import read_check
from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError
from spark_jobs.shared.lake import Lake, date_of

log = logging.getLogger(__name__)
# On a page: a month.
ROWS = 31


@dataclass(frozen=True)
class State:
    """The state of a run date in a word or two, a sentence that says why, and the run that tells more."""

    state: str
    because: str | None
    run_id: str | None


@dataclass(frozen=True)
class Row:
    """What the list says of a run date; None where there is nothing to say.

    `first` is the first row of the log's answer, as the log's report has it.
    """

    run_date: date
    state: str
    because: str | None
    run_id: str | None
    score: float | None
    first: Any
    duration: str | None
    has_report: bool


@dataclass(frozen=True)
class Page:
    """A page of the list of run dates, by its number, of how many pages and run dates."""

    rows: list[Row]
    total: int
    number: int
    pages: int


def page_of(lake: Lake, runs: Mapping[date, Any], number: int, size: int = ROWS) -> Page:
    """The run dates of a page, newest first; the last page for a number past it. `runs` are Airflow's, by run date."""
    # A run that ended well and left nothing in the lake was of another lake, or of none.
    unanswered = {day for day, run in runs.items() if is_under_way(run) or has_failed(run)}
    days = sorted(days_of(lake) | unanswered, reverse=True)
    pages = max(1, ceil(len(days) / size))
    number = min(number, pages)
    replaced = _replaced(lake)
    rows = [row(lake, day, runs.get(day), replaced.get(day)) for day in days[(number - 1) * size : number * size]]
    return Page(rows, len(days), number, pages)


def days_of(lake: Lake) -> set[date]:
    """The run dates that have a report, or a stage's record."""
    folders = (reports(lake), alerts.records(lake, date.min).parent)
    return {day for folder in folders for path in folder.glob("run_date=*") if (day := date_of(path.name))}


def row(lake: Lake, day: date, run: Any | None, replaced: str | None = None) -> Row:
    """What is known of a run date: its state, why, and what its report says.

    `replaced` says of what earlier listens it was made, if they were replaced.
    """
    report = read_report(lake, day)
    answers = getattr(report, lake.answer, None)
    state = state_of(lake, day, run, report)
    return Row(
        run_date=day,
        state=state.state,
        because=" ".join(said for said in (state.because, replaced) if said) or None,
        run_id=state.run_id,
        score=report.quality_score if report else None,
        first=answers[0] if answers else None,
        duration=duration(sum(report.stage_seconds.values())) if report and report.stage_seconds else None,
        has_report=has_report(lake, day),
    )


def state_of(lake: Lake, day: date, run: Any | None, report: RunReport | None) -> State:
    """What a run date has come to."""
    earlier = "The report is of an earlier run." if report else None
    if run and is_under_way(run):
        return State("under way", earlier, run.run_id)
    if run and has_failed(run) and not made(run, report):
        return State("failed", earlier or _unmet(lake, day), run.run_id)
    if report:
        return State(report.verdict, None, None)
    # A run that Airflow here knows nothing of, as one of `make run`: what it left does not tell whether it goes on.
    unmet = _unmet(lake, day)
    return State("failed" if unmet else "not finished", unmet, None)


def duration(seconds: float) -> str:
    """A time as people say it, to the second or, from an hour on, to the minute."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def reports(lake: Lake) -> UPath:
    """The directory of all reports."""
    return lake.report(date.min).parent


def has_report(lake: Lake, day: date) -> bool:
    """Whether there is a page to show."""
    return (lake.report(day) / "report.json").is_file()


def _replaced(lake: Lake) -> dict[date, str]:
    """The published dates that are made of listens that were replaced, each with a sentence."""
    # Not above: it takes a second, and whoever starts Airflow imports this module.
    from include.runs.daily_base import replaced_bases

    try:
        if not lake.catalog.is_there:
            return {}
        with lake.catalog.open() as catalog:
            found = replaced_bases(lake, catalog)
    except Exception as error:
        log.warning("Not known whether dates are made of listens that were replaced: %s", error)
        return {}
    return {
        day: f"Made from listens of {one.run_date} that were replaced on {one.at:%Y-%m-%d}: run {one.kept_by} again, "
        "and the dates after it, in order."
        for day, one in found.items()
    }


def _unmet(lake: Lake, day: date) -> str | None:
    """The first critical expectation that the date's data did not meet, as its checks left it."""
    for check in lake.contract.checks:
        with suppress(InvalidRecordError, MissingRecordError):
            if critical := read_check(lake, check, day).critical:
                return critical[0]
    return None
