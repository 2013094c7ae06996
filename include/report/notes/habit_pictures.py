"""The picture of habits: on how many of the last 28 days users were active."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import altair as alt

from include.report import charts
from include.report.charts import Chart, Rows
from include.report.notes.model import ActiveDays
from include.report.numbers import percent
from include.report.picture import Picture
from include.report.text import counted

_HEIGHT = 150
# The days that the axis tells: one, and whole weeks.
_TOLD = (1, 7, 14, 21, 28)
_OFTEN = 14


def active_days_picture(found: Sequence[ActiveDays]) -> Picture:
    """Return how many users were active on 1, 2, ... of the last 28 days."""
    total = sum(one.users for one in found)
    head = ("Active days", "Users", "Of all")
    rows = [(str(one.active_days), f"{one.users:,}", percent(one.users / total if total else None)) for one in found]
    return Picture(
        "active_days",
        "On how many of 28 days users are active",
        "Users by the number of days with an interaction, of the 28 days that end with the run date",
        active_days_say(found, total),
        [head, *rows] if total else [head],
        partial(draw, [{"days": one.active_days, "users": one.users} for one in found]),
    )


def active_days_say(found: Sequence[ActiveDays], total: int) -> str:
    """Return how many users come once, and how many every second day or more."""
    if not total:
        return ""
    once = sum(one.users for one in found if one.active_days == 1)
    often = sum(one.users for one in found if one.active_days >= _OFTEN)
    return (
        f"Of {counted(total, 'user')} {percent(once / total)} were active on a single day, "
        f"{percent(often / total)} on {_OFTEN} days and more."
    )


def draw(rows: Rows, width: int) -> Chart:
    """A bar for each number of `days`, as high as its `users`."""
    x = alt.X("days:O", title="Active days").axis(
        values=list(_TOLD),
        labelAngle=0,
        domain=False,
        ticks=False,
    )
    y = alt.Y("users:Q", title=None).axis(tickCount=3, tickMinStep=1, format=",d", domain=False, ticks=False)
    base = alt.Chart(alt.InlineData(values=rows), width=width, height=_HEIGHT)
    return base.mark_bar(color=charts.ACCENT, stroke=charts.PAGE, strokeWidth=1).encode(x=x, y=y)
