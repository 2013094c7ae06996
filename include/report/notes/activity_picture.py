"""The picture of activity: daily active users, those of 7 and of 28 days, and stickiness."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import altair as alt

from include.report import by_day, charts
from include.report.charts import Chart, Rows
from include.report.notes.model import Day
from include.report.notes.words import short_day
from include.report.numbers import percent
from include.report.picture import Picture
from include.report.text import counted, day

# Room between a line and the text at its end.
_ABOVE, _BELOW = -8, 14
_HALO = 3
_HEAD = ("Day", "Daily", "7 days", "28 days", "Stickiness", "New users", "Month to date")


def activity_picture(newest_first: Sequence[Day]) -> Picture:
    """Return the picture of the last DAYS_SHOWN days."""
    found = newest_first[: by_day.DAYS_SHOWN][::-1]
    is_long = len(found) > by_day.SINGLE_DAYS_UP_TO
    every = f"The last {len(found):,} of {len(newest_first):,} days: daily_engagement.tsv has all. "
    weekends = "" if is_long else "Weekends are shaded. "
    young = "Dashed: the log has no 28 days yet." if any(not one.window_complete for one in found) else ""
    return Picture(
        "activity",
        "Active users by day",
        f"Users with an interaction on a day (UTC), and in the 7 and 28 days that end with it. "
        f"{every if len(found) < len(newest_first) else ''}{weekends}{young}".strip(),
        activity_says(found),
        [_HEAD, *(row_of(one) for one in found)],
        partial(draw, drawn(found)),
        {"accent": "Monday to Friday", "quiet": "Saturday and Sunday"} if is_long else {},
    )


def row_of(one: Day) -> tuple[str, ...]:
    """Return a day as a row of a table."""
    windows = (f"{users:,}" for users in (one.dau, one.wau_7d, one.mau_28d))
    others = (f"{users:,}" for users in (one.new_users, one.mau_month_to_date))
    return (short_day(one.day), *windows, percent(one.stickiness), *others)


def activity_says(found: Sequence[Day]) -> str:
    """Return how weekends differ from other days, when most users were active, and on how many days none was."""
    if not found:
        return ""
    said = []
    weekends = [one.dau for one in found if by_day.is_weekend(one.day)]
    others = [one.dau for one in found if not by_day.is_weekend(one.day)]
    if weekends and others:
        means = (sum(some) / len(some) for some in (others, weekends))
        said.append("On average {:,.1f} users are active from Monday to Friday, {:,.1f} at weekends.".format(*means))
    most = max(found, key=lambda one: one.dau)
    said.append(f"Most were active on {most.day:%A}, {day(most.day)}: {most.dau:,}.")
    empty = sum(not one.dau for one in found)
    said.append(f"Nobody was active on {counted(empty, 'day')}." if empty else "Somebody was active every day.")
    return " ".join(said)


def drawn(found: Sequence[Day]) -> Rows:
    """Return what `draw` draws of days."""
    ends = [one.window_complete for one in found].index(True) if any(one.window_complete for one in found) else None
    return [
        {
            **by_day.times_of(one.day),
            "dau": one.dau,
            "wau": one.wau_7d,
            "mau": one.mau_28d,
            "stickiness": one.stickiness,
            "complete": one.window_complete,
            # The dashed line reaches the other one.
            "young": not one.window_complete or place == ends,
        }
        for place, one in enumerate(found)
    ]


def draw(rows: Rows, width: int) -> Chart:
    """Three panels of days, one below the other: `dau`; `wau` and `mau`; `stickiness`."""
    panels = [_daily(rows, width), _windows(rows, width), _stickiness(rows, width)]
    return alt.vconcat(*panels, spacing=16).resolve_scale(x="shared")


def _daily(rows: Rows, width: int) -> Chart:
    place: dict[str, Any] = {"x": by_day.time("noon", rows, width), "y": _scale("dau", ",d", tickMinStep=1)}
    days = by_day.base(rows).encode(**place)
    is_long = len(rows) > by_day.SINGLE_DAYS_UP_TO
    line = days.mark_line(color=charts.RULE if is_long else charts.ACCENT, strokeWidth=1 if is_long else 1.5)
    layers = [*by_day.weekends(rows, width), line]
    if is_long:
        # Two rows of points: a line would hide what each is.
        for colour, when in ((charts.ACCENT, "!datum.weekend"), (charts.QUIET, "datum.weekend")):
            layers.append(_points(days, colour, 10).transform_filter(when))
    elif len(rows) <= by_day.POINTS_UP_TO:
        layers.append(_points(days, charts.ACCENT, 16))
    return by_day.panel(layers, "Daily active users", width)


def _windows(rows: Rows, width: int) -> Chart:
    layers = by_day.weekends(rows, width)
    for name, told, colour, offset in (
        ("mau", "28 days", charts.QUIET, _ABOVE),
        ("wau", "7 days", charts.ACCENT, _BELOW),
    ):
        axis = _scale(name, ",d", tickMinStep=1)
        layers += _line(rows, name, axis, colour, width)
        end = by_day.base([{**rows[-1], "text": f"{told}: {rows[-1][name]:,}"}])
        layers += _told(end.encode(x=by_day.time("noon", rows, width), y=axis), offset)
    return by_day.panel(layers, "Active in 7 and in 28 days", width)


def _stickiness(rows: Rows, width: int) -> Chart:
    axis = _scale("stickiness", ".0%")
    lines = _line(rows, "stickiness", axis, charts.ACCENT, width)
    title = "Stickiness: daily users by those of 28 days"
    return by_day.panel([*by_day.weekends(rows, width), *lines], title, width)


def _line(rows: Rows, name: str, axis: alt.Y, colour: str, width: int) -> list[alt.Chart]:
    """A line that is dashed as long as the log has no 28 days."""
    place: dict[str, Any] = {"x": by_day.time("noon", rows, width), "y": axis}
    days = by_day.base(rows).encode(**place)
    young = days.mark_line(color=colour, strokeWidth=1.5, strokeDash=[2, 3]).transform_filter("datum.young")
    points = [_points(days, colour, 16)] if len(rows) <= by_day.POINTS_UP_TO else []
    return [young, days.mark_line(color=colour, strokeWidth=1.5).transform_filter("datum.complete"), *points]


def _told(end: alt.Chart, offset: int) -> list[alt.Chart]:
    """What a line is and where it ends, above or below its end, legible across lines."""
    mark: dict[str, Any] = {"align": "right", "dy": offset, "fontSize": 12}
    return [
        end.mark_text(**mark, color=charts.PAGE, stroke=charts.PAGE, strokeWidth=_HALO).encode(text="text:N"),
        end.mark_text(**mark, color=charts.INK).encode(text="text:N"),
    ]


def _points(days: alt.Chart, colour: str, size: int) -> alt.Chart:
    return days.mark_point(color=colour, filled=True, size=size, opacity=1)


def _scale(name: str, told: str, **axis: Any) -> alt.Y:
    return alt.Y(f"{name}:Q", title=None, scale=alt.Scale(zero=True, nice=True)).axis(
        tickCount=3, format=told, domain=False, ticks=False, minExtent=charts.PANEL_LABELS, **axis
    )
