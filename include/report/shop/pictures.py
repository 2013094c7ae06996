"""The pictures of the report of `shop`: the funnels, how tiers and devices differ, and the days."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from include.report import charts
from include.report.numbers import percent, seconds
from include.report.picture import Picture, Table
from include.report.shop.changes import FEWEST
from include.report.shop.day_picture import days_picture
from include.report.shop.model import Funnel, ShopReport
from include.report.shop.sentences import biggest_loss, funnel_says
from include.report.shop.words import in_words

LOSS = "\N{BLACK DOWN-POINTING TRIANGLE}"
_TITLES = {"session": "The funnel by session", "user": "The funnel by user"}
_UNITS = {
    "session": "Sessions that reached each step, from their first page view on",
    "user": "Users who reached each step, within 7 days of a page view",
}


def pictures(report: ShopReport) -> list[Picture]:
    """Return the pictures of the funnels, of tiers and devices, and of the days."""
    whole = [one for one in report.funnel if one.segment_kind == "all"]
    return [
        *(_funnel(one) for one in whole),
        _segments(report.funnel, "tier", "By tier", "the user's tier then"),
        _segments(report.funnel, "device", "By device", "its device"),
        days_picture(report.daily_metrics, report.currency),
    ]


def _funnel(funnel: Funnel) -> Picture:
    loss = biggest_loss(funnel)
    marked = f", {LOSS} the biggest loss" if loss else ""
    rows: charts.Rows = []
    before = funnel.steps[0].reached
    for step in funnel.steps:
        mark = f" {LOSS}" if loss and step is loss[1] else ""
        rate = f" ({percent(step.rate_from_previous)})" if step.rate_from_previous is not None else ""
        text = f"{step.reached:,}{rate}{mark}"
        rows.append({"label": in_words(step.event_type), "value": before, "marked": step.reached, "text": text})
        before = step.reached
    head = ("Step", f"{funnel.scope.capitalize()}s", "Of the step before", "Of the first", "Median time")
    return Picture(
        f"funnel_{funnel.scope}",
        _TITLES[funnel.scope],
        f"{_UNITS[funnel.scope]}; in brackets the part of the step before{marked}",
        funnel_says(funnel),
        [head, *_steps(funnel)] if rows[0]["value"] else [head],
        partial(charts.bars, rows, with_zeros=True),
        {"accent": "reached the step", "quiet": "reached only the step before"},
    )


def _steps(funnel: Funnel) -> Table:
    return [
        (
            in_words(step.event_type),
            f"{step.reached:,}",
            percent(step.rate_from_previous),
            percent(step.rate_from_first),
            seconds(step.median_seconds),
        )
        for step in funnel.steps
    ]


def _segments(funnels: Sequence[Funnel], kind: str, title: str, of: str) -> Picture:
    found = [one for one in funnels if one.segment_kind == kind]
    by_session = [one for one in found if one.scope == "session"]
    rows: charts.Rows = []
    for one in by_session:
        first, last = one.steps[0].reached, one.steps[-1].reached
        rate = one.steps[-1].rate_from_first
        text = f"{percent(rate)} ({last:,} of {first:,})" if first else "no session"
        rows.append(
            {"label": in_words(one.segment), "value": rate or 0, "marked": rate or 0, "text": text, "sessions": first}
        )
    steps = [in_words(step.event_type) for step in by_session[0].steps]
    table: Table = [(title.removeprefix("By ").capitalize(), *steps, "Of the first")]
    for one in found:
        reached = (f"{step.reached:,}" for step in one.steps)
        label = f"{in_words(one.segment)}, {one.scope}s"
        table.append((label, *reached, percent(one.steps[-1].rate_from_first)))
    known = [row for row in rows if row["sessions"]]
    return Picture(
        f"funnel_{kind}",
        title,
        f"Part of the sessions with a page view that went through all steps, by {of}",
        _best_and_worst([row for row in known if row["sessions"] >= FEWEST]),
        table if known else table[:1],
        partial(charts.bars, rows, with_zeros=True),
    )


def _best_and_worst(rows: charts.Rows) -> str:
    """Return where most and where least go through, of rows with enough sessions."""
    if len(rows) <= 1:
        return f"Fewer than two of these have {FEWEST} sessions to compare."
    rates = {row["label"]: row["value"] for row in rows}
    best, worst = max(rates, key=lambda label: rates[label]), min(rates, key=lambda label: rates[label])
    if rates[best] == rates[worst]:
        return f"Those with at least {FEWEST} sessions are alike."
    return f"Of those with at least {FEWEST} sessions {best} is highest, {worst} lowest."
