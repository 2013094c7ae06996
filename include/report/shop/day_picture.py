"""The picture of the days: conversion and cart abandonment, and the sessions they are of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from include.report import by_day, charts
from include.report.numbers import percent
from include.report.picture import Picture
from include.report.shop import drawings
from include.report.shop.model import Day
from include.report.shop.words import money
from include.report.text import counted, day

_WEEK = 7
# What each rate is made of.
_COUNTS = {"conversion": ("converted_sessions", "sessions"), "abandonment": ("abandoned_sessions", "cart_sessions")}


def days_picture(every: Sequence[Day], currency: str | None) -> Picture:
    """Return the picture of the last by_day.DAYS_SHOWN days."""
    found = every[-by_day.DAYS_SHOWN :]
    empty = sum(one.sessions == 0 for one in found)
    is_long = len(found) > by_day.SINGLE_DAYS_UP_TO
    weekends = "Weekends are shaded. " if any(by_day.is_weekend(one.day) for one in found) and not is_long else ""
    last = f"The last {len(found):,} of {len(every):,} days: daily_metrics.tsv has all. " if every != found else ""
    head = ("Day", "Sessions", "Conversion", "Carts", "Abandoned", "Orders", "Net revenue")
    week = {"accent": "7 days together, up to each day", "quiet": "a single day"} if is_long else {}
    return Picture(
        "days",
        "Conversion and cart abandonment by day",
        f"Sessions by the day of their start (UTC). {last}{weekends}A day without sessions, or carts, is a gap.",
        _days_say(found, empty),
        [head, *(_day_row(one, currency) for one in found)],
        partial(drawings.days, drawn(found)),
        {**week, **({"alarm": "no sessions"} if empty else {})},
    )


def drawn(found: Sequence[Day]) -> charts.Rows:
    """Return what `drawings.days` draws of days."""
    rows: charts.Rows = [
        {
            **by_day.times_of(one.day),
            "sessions": one.sessions,
            "conversion": one.conversion_rate,
            "abandonment": one.cart_abandonment_rate,
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
            row[f"{name}_point"] = is_alone or len(rows) <= by_day.POINTS_UP_TO
    return rows


def _pooled(days: Sequence[Day], part: str, whole: str) -> float | None:
    """Return the rate of several days together, None where its denominator is 0."""
    total = sum(getattr(one, whole) for one in days)
    return sum(getattr(one, part) for one in days) / total if total else None


def _days_say(found: Sequence[Day], empty: int) -> str:
    weekends = [one for one in found if by_day.is_weekend(one.day)]
    others = [one for one in found if not by_day.is_weekend(one.day)]
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
