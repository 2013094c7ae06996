"""The pictures of the report of `shop`: the funnels, how tiers and devices differ, and the days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from include.report import charts
from include.report.picture import Picture, Table
from include.report.shop import drawings
from include.report.shop.changes import FEWEST
from include.report.shop.model import Day, Funnel, ShopReport
from include.report.shop.sentences import biggest_loss, funnel_says
from include.report.shop.words import in_words, money, percent, seconds
from include.report.text import counted, day

LOSS = "\N{BLACK DOWN-POINTING TRIANGLE}"
_TITLES = {"session": "The funnel by session", "user": "The funnel by user"}
_UNITS = {
    "session": "Sessions that reached each step, from their first page view on",
    "user": "Users who reached each step, within 7 days of a page view",
}
_SATURDAY, _WEEK = 5, 7
# What each rate is made of.
_COUNTS = {"conversion": ("converted_sessions", "sessions"), "abandonment": ("abandoned_sessions", "cart_sessions")}


def pictures(report: ShopReport) -> list[Picture]:
    """Return the pictures of the funnels, of tiers and devices, and of the days."""
    whole = [one for one in report.funnel if one.segment_kind == "all"]
    return [
        *(_funnel(one) for one in whole),
        _segments(report.funnel, "tier", "By tier", "the user's tier then"),
        _segments(report.funnel, "device", "By device", "its device"),
        _days(report.daily_metrics, report.currency),
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


def _days(found: Sequence[Day], currency: str | None) -> Picture:
    empty = sum(one.sessions == 0 for one in found)
    is_long = len(found) > drawings.SINGLE_DAYS_UP_TO
    weekends = "Weekends are shaded. " if any(map(_is_weekend, found)) and not is_long else ""
    head = ("Day", "Sessions", "Conversion", "Carts", "Abandoned", "Orders", "Net revenue")
    week = {"accent": "7 days together, up to each day", "quiet": "a single day"} if is_long else {}
    return Picture(
        "days",
        "Conversion and cart abandonment by day",
        f"Sessions by the day of their start (UTC). {weekends}A day without sessions, or without carts, is a gap.",
        _days_say(found, empty),
        [head, *(_day_row(one, currency) for one in found)],
        partial(drawings.days, _drawn(found)),
        {**week, **({"alarm": "no sessions"} if empty else {})},
    )


def _drawn(found: Sequence[Day]) -> charts.Rows:
    rows: charts.Rows = [
        {
            "start": f"{one.day}T00:00:00Z",
            "noon": f"{one.day}T12:00:00Z",
            "end": f"{one.day + timedelta(days=1)}T00:00:00Z",
            "sessions": one.sessions,
            "conversion": one.conversion_rate,
            "abandonment": one.cart_abandonment_rate,
            "weekend": _is_weekend(one),
        }
        for one in found
    ]
    for name in ("conversion", "abandonment"):
        rates = [None, *(row[name] for row in rows), None]
        for place, row in enumerate(rows):
            week = found[place + 1 - _WEEK : place + 1] if place + 1 >= _WEEK else ()
            row[f"{name}_of_week"] = _pooled(week, *_COUNTS[name])
            # Without a neighbour there is no line to see.
            is_alone = rates[place] is None and rates[place + 2] is None
            row[f"{name}_point"] = is_alone or len(rows) <= drawings.POINTS_UP_TO
    return rows


def _pooled(days: Sequence[Day], part: str, whole: str) -> float | None:
    """Return the rate of several days together, None where its denominator is 0."""
    total = sum(getattr(one, whole) for one in days)
    return sum(getattr(one, part) for one in days) / total if total else None


def _days_say(found: Sequence[Day], empty: int) -> str:
    weekends = [one for one in found if _is_weekend(one)]
    others = [one for one in found if not _is_weekend(one)]
    said = []
    for when, days in (("at weekends", weekends), ("on other days", others)):
        rate = _pooled(days, *_COUNTS["conversion"])
        if rate is not None:
            said.append(f"{when} {percent(rate)} of {counted(sum(one.sessions for one in days), 'session')} convert")
    gaps = f"No sessions on {empty:,} of {counted(len(found), 'day')}." if empty else "No day is without sessions."
    text = ", ".join(said)
    return f"{text[:1].upper()}{text[1:]}. {gaps}" if said else gaps


def _day_row(one: Day, currency: str | None) -> tuple[str, ...]:
    return (
        f"{one.day:%a} {day(one.day)}",
        f"{one.sessions:,}",
        percent(one.conversion_rate),
        f"{one.cart_sessions:,}",
        percent(one.cart_abandonment_rate),
        f"{one.orders:,}",
        money(one.net_revenue, currency),
    )


def _is_weekend(one: Day) -> bool:
    return one.day.weekday() >= _SATURDAY
