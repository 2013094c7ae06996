"""The drawings of `shop`, in Altair: rates by day."""

from __future__ import annotations

import altair as alt

from include.report import by_day, charts
from include.report.charts import Chart, Rows

# Rates are drawn on a scale from one such step to another.
SCALE_STEP = 0.1


def days(rows: Rows, width: int) -> Chart:
    """Three panels, one below the other, of days from `start` to `end` (UTC): `conversion`, `abandonment`, `sessions`.

    A rate that is null leaves a gap in its line. Days without a session are marked below the axes.
    """
    panels = [
        _rates(rows, "conversion", "Conversion of sessions", width),
        _rates(rows, "abandonment", "Cart abandonment", width),
        _sessions(rows, width),
    ]
    return alt.vconcat(*panels, spacing=16).resolve_scale(x="shared")


def _rates(rows: Rows, name: str, title: str, width: int) -> Chart:
    base = by_day.base(rows)
    value = alt.Y(f"{name}:Q", title=None, scale=alt.Scale(domain=_domain(rows, name), nice=False)).axis(
        tickCount=3, format=".0%", domain=False, ticks=False, minExtent=charts.PANEL_LABELS
    )
    noon = by_day.time("noon", rows, width)
    is_long = len(rows) > by_day.SINGLE_DAYS_UP_TO
    colour, stroke = (charts.QUIET, 0.5) if is_long else (charts.ACCENT, 1.5)
    line = base.mark_line(color=colour, strokeWidth=stroke).encode(x=noon, y=value)
    points = base.mark_point(color=colour, filled=True, size=16, opacity=1).encode(x=noon, y=value)
    layers = [line, points.transform_filter(f"isValid(datum.{name}) && datum.{name}_point")]
    if is_long:
        week = base.mark_line(color=charts.ACCENT, strokeWidth=2).encode(x=noon, y=f"{name}_of_week:Q")
        layers.append(week)
    return by_day.panel([*by_day.weekends(rows, width), *layers], title, width)


def _sessions(rows: Rows, width: int) -> Chart:
    base = by_day.base(rows)
    counts = alt.Y("sessions:Q", title=None).axis(
        tickCount=3, tickMinStep=1, format=",d", domain=False, ticks=False, minExtent=charts.PANEL_LABELS
    )
    x = by_day.time("start", rows, width)
    edge = 1 if len(rows) <= by_day.POINTS_UP_TO else 0
    bars = base.mark_rect(color=charts.QUIET, stroke=charts.PAGE, strokeWidth=edge).encode(
        x=x, x2="end:T", y=counts, y2=alt.datum(0)
    )
    gaps = base.mark_rect(color=charts.ALARM).encode(
        x=x, x2="end:T", y=alt.value(charts.PANEL), y2=alt.value(charts.PANEL + 4)
    )
    layers = [*by_day.weekends(rows, width), bars, gaps.transform_filter("datum.sessions == 0")]
    return by_day.panel(layers, "Sessions", width)


def _domain(rows: Rows, name: str) -> list[float]:
    """Return the ends of the scale: the steps just below and above all rates, at least one step apart."""
    rates = [row[name] for row in rows if row[name] is not None] or [0]
    low = min(int(min(rates) / SCALE_STEP), round(1 / SCALE_STEP) - 1)
    high = max(-int(-max(rates) // SCALE_STEP), low + 1)
    return [round(step * SCALE_STEP, 2) for step in (low, high)]
