"""What drawings of days share: their places in time, their axis, weekends, and panels one below the other."""

from __future__ import annotations

from datetime import date, timedelta

import altair as alt

from include.report import charts
from include.report.charts import Chart, Row, Rows

# In the page; the answers' files have all of them.
DAYS_SHOWN = 400
# In a log of up to so many days, each day counts by itself, and weekends are shaded; in one of up to so many it is a
# point, too. In a longer log single days are faint, behind what several come to.
SINGLE_DAYS_UP_TO, POINTS_UP_TO = 120, 62
# Ticks tell the day in logs of up to so many days, and else the month.
DAYS_TOLD_UP_TO = 300
_SATURDAY = 5


def is_weekend(day: date) -> bool:
    """Return whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def times_of(day: date) -> Row:
    """Return `start`, `noon` and `end` of a day (UTC), and whether it is of a `weekend`."""
    return {
        "start": f"{day}T00:00:00Z",
        "noon": f"{day}T12:00:00Z",
        "end": f"{day + timedelta(days=1)}T00:00:00Z",
        "weekend": is_weekend(day),
    }


def base(rows: Rows) -> alt.Chart:
    """Return a chart of days, without marks."""
    return alt.Chart(alt.InlineData(values=rows))


def panel(layers: list[alt.Chart], title: str, width: int, height: int = charts.PANEL) -> Chart:
    """Return layers above one another under a title, wide enough to stand below other panels of the width."""
    return alt.layer(
        *layers,
        width=width - charts.PANEL_LABELS - 8,
        height=height,
        title=alt.TitleParams(title, anchor="start", frame="bounds", fontSize=12, color=charts.INK, offset=8),
    )


def time(name: str, rows: Rows, width: int) -> alt.X:
    """Return the axis of days: the column `name` of rows in order."""
    told = "%-d %b" if len(rows) <= DAYS_TOLD_UP_TO else "%b %Y"
    every = -(-len(rows) // charts.ticks(width))
    axis = alt.Axis(values=[row["noon"] for row in rows[::every]], format=told, grid=False, labelOverlap=True)
    domain = [rows[0]["start"], rows[-1]["end"]]
    return alt.X(f"{name}:T", title=None, axis=axis, scale=alt.Scale(type="utc", domain=domain, nice=False))


def weekends(rows: Rows, width: int) -> list[alt.Chart]:
    """Return the layer that shades weekends, none where single days are too narrow to be told apart."""
    if len(rows) > SINGLE_DAYS_UP_TO:
        return []
    band = (
        base(rows)
        .mark_rect(color=charts.RULE, opacity=0.6)
        .encode(x=time("start", rows, width), x2="end:T", y=alt.value(0), y2=alt.value(charts.PANEL))
    )
    return [band.transform_filter("datum.weekend")]
