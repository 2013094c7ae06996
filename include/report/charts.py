"""The report's charts, in Altair: bars, time, and the hours of a week.

Colours are the page's CSS variables, so that one drawing serves both themes. Every chart takes its width in pixels; its
height follows from what it shows.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

import altair as alt

INK, SOFT, RULE, QUIET, ACCENT, ALARM, PAGE = (
    f"var(--{name})" for name in ("ink", "soft", "rule", "quiet", "accent", "alarm", "page")
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STEP, BAR, PANEL = 24, 16, 110
# The labels beside bars may take this part of the width, those beside a panel so many pixels.
LABELS, PANEL_LABELS = 0.4, 56
PIXELS_A_CHARACTER, WIDER_LABELS, WIDER_TEXTS = 7, 16, 6
# Below this width a chart is for a phone, and has room for fewer ticks.
NARROW = 500
# What a chart draws, as Vega takes it.
Row = dict[str, Any]
Rows = list[Row]
Chart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.FacetChart


def bars(rows: Rows, width: int, is_log: bool = False, with_zeros: bool = False) -> Chart:
    """A bar for each of `rows` in their order: `label`, `value`, `marked` (its part in the accent colour), `text`.

    `with_zeros`: a value of 0 has its text, too.
    """
    # On a logarithmic scale there is no zero for a bar to begin at.
    floor = 0.5 if is_log else 0
    shown = [{**row, "floor": floor} for row in rows if row["value"] > floor or with_zeros]
    scale = alt.Scale(type="log" if is_log else "linear", domain=_with_room(rows, width, floor), nice=False)
    value, marked = (alt.X(f"{name}:Q", title=None, scale=scale, axis=None) for name in ("value", "marked"))
    base = alt.Chart(alt.InlineData(values=shown)).encode(y=labels([row["label"] for row in rows], width))
    return alt.layer(
        base.mark_bar(color=QUIET, height=BAR).encode(x=value, x2="floor:Q"),
        base.mark_bar(color=ACCENT, height=BAR).encode(x=marked, x2="floor:Q").transform_filter("datum.marked > 0"),
        base.mark_text(align="left", dx=6, color=SOFT).encode(x=value, text="text:N"),
        width=width,
        height={"step": STEP},
    )


def parts(rows: Rows, width: int) -> Chart:
    """Bars made of parts: `label` of the bar, `value`, `place` (which comes first), `marked` (in the accent colour)."""
    return (
        alt.Chart(alt.InlineData(values=rows), width=width, height={"step": STEP})
        .mark_bar(stroke=PAGE, strokeWidth=1, height=BAR)
        .encode(
            y=labels(list(dict.fromkeys(row["label"] for row in rows)), width),
            x=alt.X("value:Q", title=None, stack="zero").axis(
                tickCount=ticks(width), orient="top", domain=False, ticks=False
            ),
            order=alt.Order("place:Q"),
            color=alt.Color("marked:N", legend=None).scale(domain=[True, False], range=[ACCENT, QUIET]),
        )
    )


def over_time(periods: Rows, width: int) -> Chart:
    """Two panels, `listens` above `sessions`, of periods from `start` to `end` (UTC); those without are marked."""
    data = alt.InlineData(values=periods)
    panels = (_panel(data, name, colour, width) for name, colour in (("listens", ACCENT), ("sessions", QUIET)))
    return alt.vconcat(*panels, spacing=16).resolve_scale(x="shared")


def week(rows: Rows, width: int) -> Chart:
    """A cell for each `hour` (0 to 23) of each `weekday`, the fuller the higher its `share` of the fullest, 0 to 1."""
    hours = list(range(0, 24, 6 if width < NARROW else 3))
    return (
        alt.Chart(alt.InlineData(values=rows), width=width, height={"step": STEP})
        .mark_rect(color=ACCENT, stroke=PAGE, strokeWidth=1)
        .encode(
            x=alt.X("hour:O", title=None).axis(values=hours, labelAngle=0, orient="top", domain=False, ticks=False),
            y=labels(list(WEEKDAYS), width, "weekday"),
            fillOpacity=alt.FillOpacity("share:Q", legend=None).scale(domain=[0, 1], range=[0.05, 1]),
        )
    )


def to_svg(chart: Chart) -> str:
    """Draw a chart as SVG, without a browser: Vega in an embedded JavaScript engine. Text in it is escaped."""
    axis = {"labelColor": SOFT, "gridColor": RULE, "domainColor": RULE, "tickColor": RULE, "labelFontSize": 12}
    axis |= {"titleColor": SOFT, "titleFontSize": 12, "titleFontWeight": "normal"}
    # What is drawn is told in words beside it; a label for each of its marks would be many times its size.
    is_fitted = not isinstance(chart, alt.VConcatChart)
    # Vega knows another font than the reader's, whose labels may be wider: paper cuts off what is outside the drawing.
    padding = {"bottom": 4, **({"left": WIDER_LABELS, "right": WIDER_TEXTS} if is_fitted else {"left": 0})}
    drawn = chart.configure(aria=False, background="transparent", font="sans-serif", padding=padding)
    drawn = drawn.configure_view(stroke=None).configure_axis(**axis, labelPadding=6).configure_text(fontSize=12)
    if is_fitted:
        drawn = drawn.properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    svg = StringIO()
    drawn.save(svg, format="svg")
    return svg.getvalue()


def _panel(data: alt.InlineData, name: str, colour: str, width: int) -> Chart:
    time = alt.X("start:T", title=None, scale=alt.Scale(type="utc")).axis(
        tickCount=ticks(width), grid=False, labelOverlap=True
    )
    counts = alt.Y(f"{name}:Q").title(None)
    counts = counts.axis(tickCount=3, tickMinStep=1, format=",d", domain=False, ticks=False, minExtent=PANEL_LABELS)
    base = alt.Chart(data).encode(x=time, x2="end:T")
    return alt.layer(
        base.mark_rect(color=colour).encode(y=counts, y2=alt.datum(0)),
        # Below the axis, where it is seen even beside high bars.
        base.mark_rect(color=ALARM)
        .encode(y=alt.value(PANEL), y2=alt.value(PANEL + 4))
        .transform_filter("datum.listens == 0"),
        width=width - PANEL_LABELS - 8,
        height=PANEL,
        title=alt.TitleParams(name.capitalize(), anchor="start", frame="bounds", fontSize=12, color=INK, offset=8),
    )


def _with_room(rows: Rows, width: int, floor: float) -> list[float]:
    """The values from one end of the scale to the other, so that the longest bar leaves room for a text behind it."""
    most = max((row["value"] for row in rows), default=0) or 1
    longest = max((len(row["text"]) for row in rows), default=0) * PIXELS_A_CHARACTER
    full = max(0.2, 1 - longest / (width * (1 - LABELS)))
    return [floor, floor * (most / floor) ** (1 / full) if floor else most / full]


def labels(names: list[str], width: int, field: str = "label") -> alt.Y:
    """Return the axis of names beside what is drawn, in their order."""
    axis = alt.Axis(labelLimit=int(width * LABELS), labelColor=INK, domain=False, ticks=False)
    return alt.Y(f"{field}:N", sort=names, title=None, axis=axis, scale=alt.Scale(domain=names))


def ticks(width: int) -> int:
    """Return how many ticks an axis of a width has room for."""
    return 3 if width < NARROW else 6
