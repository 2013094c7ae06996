"""The picture of unusual days: each metric as a curve, with what was usual before, and the days that are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import altair as alt

from include.report import by_day, charts
from include.report.charts import Chart, Row, Rows
from include.report.notes.model import Measured, Metric
from include.report.notes.words import METRICS, measured, short_day
from include.report.page import NONE
from include.report.picture import Picture, Table
from include.report.text import counted

# What is flagged is farther from the mean of the 28 days before.
_DEVIATIONS = 3
_PANEL, _HALO = 120, 3
# Flagged days have their date beside them, as long as it is so many pixels from that of another one.
_APART, _ABOVE, _BELOW = 70, -11, 17
# Beyond this part of the panel from either side a date stands inwards of its day.
_EDGE = 0.1
# Below this part of the scale there is no room for a date.
_FLOOR = 0.25
# Room above the highest value for a date.
_HEADROOM = 1.2
_UP, _DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"


def anomaly_picture(found: Sequence[Measured], days: int) -> Picture:
    """Return the curves of the metrics; `days`: how many the log has."""
    curves = {name: [one for one in found if one.metric == name] for name in METRICS}
    shown = len({one.day for one in found})
    last = f"The last {shown:,} of {days:,} days: anomalies.tsv has all. " if shown < days else ""
    flagged = sum(one.flagged for one in found)
    return Picture(
        "anomalies",
        "Each day beside the 28 before it",
        f"Each metric by day (UTC). {last}Shaded: up to {_DEVIATIONS} standard deviations from the mean of the 28 days "
        "before, known from 14 values on. A triangle is a day outside.",
        anomalies_say(found),
        _table(found),
        partial(draw, curves),
        {"alarm": "unusual"} if flagged else {},
    )


def _table(found: Sequence[Measured]) -> Table:
    """Every day with its metrics, those that are unusual marked as in the drawing."""
    of_day: dict[date, dict[Metric, str]] = defaultdict(dict)
    for one in found:
        mark = f" {_UP if is_above(one) else _DOWN}" if one.flagged else ""
        of_day[one.day][one.metric] = f"{measured(one.metric, one.value)}{mark}"
    rows = [(short_day(day), *(values.get(name, NONE) for name in METRICS)) for day, values in of_day.items()]
    return [("Day", *METRICS.values()), *rows]


def z_of(one: Measured) -> str:
    """Return how many standard deviations a value is from the mean, a dash where that is not known."""
    return NONE if one.z is None else f"{one.z:+.1f}".replace("-", "\N{MINUS SIGN}")


def is_above(one: Measured) -> bool:
    """Return whether a value is above the mean of those before it."""
    return (one.value or 0) > (one.mean or 0)


def anomalies_say(found: Sequence[Measured]) -> str:
    """Return how many days of each metric are unusual."""
    counts = {name: sum(one.flagged for one in found if one.metric == name) for name in METRICS}
    if all(one.mean is None for one in found):
        return "No day has 14 values before it, so none can be judged."
    if not any(counts.values()):
        return "No day is unusual."
    parts = [f"{METRICS[name].lower()} on {counted(number, 'day')}" for name, number in counts.items() if number]
    return f"Unusual: {', '.join(parts)}."


def draw(curves: dict[Metric, list[Measured]], width: int) -> Chart:
    """A panel for each metric that has a value, one below the other."""
    known = {name: found for name, found in curves.items() if any(one.value is not None for one in found)}
    panels = [_panel(name, found, width) for name, found in known.items()]
    return alt.vconcat(*panels, spacing=16).resolve_scale(x="shared")


def _panel(metric: Metric, found: list[Measured], width: int) -> Chart:
    rows = drawn(found)
    top = max(row["value"] for row in rows if row["value"] is not None) * _HEADROOM or 1
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False)).axis(
        tickCount=3, tickMinStep=1, format=",d", domain=False, ticks=False, minExtent=charts.PANEL_LABELS
    )
    x = by_day.time("noon", rows, width)
    days = by_day.base(rows).encode(x=x)
    band = days.mark_area(color=charts.QUIET, opacity=0.3, clip=True).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    layers = [band, days.mark_line(color=charts.ACCENT, strokeWidth=1.5).encode(y=y)]
    points = days.mark_point(color=charts.ACCENT, filled=True, size=12, opacity=1).encode(y=y)
    layers.append(points.transform_filter("isValid(datum.value) && datum.point"))
    for shape, when in (("triangle-up", "datum.above"), ("triangle-down", "!datum.above")):
        mark = days.mark_point(color=charts.ALARM, filled=True, size=70, shape=shape, opacity=1).encode(y=y)
        layers.append(mark.transform_filter(f"datum.flagged && {when}"))
    layers += _dates(_told(rows, width, top), y, x)
    unit = ", in ms" if metric == "p95_load_ms" else ""
    return by_day.panel(layers, f"{METRICS[metric]}{unit}", width, _PANEL)


def drawn(found: Sequence[Measured]) -> Rows:
    """Return what `draw` draws of one metric's days."""
    values = [None, *(one.value for one in found), None]
    rows = [_drawn(one) for one in found]
    for place, row in enumerate(rows):
        # Without a neighbour there is no line to see.
        row["point"] = len(rows) <= by_day.POINTS_UP_TO or (values[place] is None and values[place + 2] is None)
    return rows


def _drawn(one: Measured) -> Row:
    low, high = None, None
    if one.mean is not None and one.standard_deviation is not None:
        away = _DEVIATIONS * one.standard_deviation
        low, high = max(0, one.mean - away), one.mean + away
    return {
        **by_day.times_of(one.day),
        "value": one.value,
        "low": low,
        "high": high,
        "flagged": one.flagged and one.value is not None,
        "above": is_above(one),
        "z": one.z,
        "date": f"{one.day.day} {one.day:%b}",
    }


def _told(rows: Rows, width: int, top: float) -> Rows:
    """Return the flagged days whose date there is room for, the most unusual ones first; `top` ends the scale."""
    a_day = (width - charts.PANEL_LABELS) / len(rows)
    told: list[tuple[int, Row]] = []
    flagged = [(place, row) for place, row in enumerate(rows) if row["flagged"]]
    for place, row in sorted(flagged, key=lambda one: one[1]["z"] is not None and -abs(one[1]["z"])):
        if all(abs(place - other) * a_day >= _APART for other, _ in told):
            told.append((place, row))
    return [{**row, "align": _align(place / len(rows)), "offset": _offset(row, top)} for place, row in told]


def _align(part: float) -> str:
    """Return on which side of a place its date stands, so that it stays within the panel."""
    return "left" if part < _EDGE else "right" if part > 1 - _EDGE else "center"


def _offset(row: Row, top: float) -> int:
    """Return where a date stands: away from the curve, as long as there is room above the axis."""
    return _BELOW if not row["above"] and row["value"] > _FLOOR * top else _ABOVE


def _dates(told: Rows, y: alt.Y, x: alt.X) -> list[alt.Chart]:
    layers = []
    for align, offset in product(("left", "center", "right"), (_ABOVE, _BELOW)):
        rows = [row for row in told if (row["align"], row["offset"]) == (align, offset)]
        text = by_day.base(rows).encode(x=x, y=y, text="date:N")
        place: dict[str, Any] = {"align": align, "dy": offset}
        if rows:
            layers.append(text.mark_text(**place, color=charts.PAGE, stroke=charts.PAGE, strokeWidth=_HALO))
            layers.append(text.mark_text(**place, color=charts.INK))
    return layers
