"""The pictures of load times: by version, and how they go with the age of devices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import altair as alt

from include.report import charts
from include.report.charts import Chart, Rows
from include.report.notes.changes import FEWEST
from include.report.notes.model import DeviceCorrelation, LoadTimes
from include.report.notes.words import milliseconds
from include.report.picture import Picture
from include.report.text import counted

# In the page; the answers' files have all of them.
VERSIONS_SHOWN = 20
# From a correlation of so much on either side a page says that load times go with the year of devices.
_NOTABLE = 0.1
_MINUS = "\N{MINUS SIGN}"


def load_times_picture(every: Sequence[LoadTimes]) -> Picture:
    """Return the percentiles of the last VERSIONS_SHOWN versions, each with the number of its page views."""
    found = every[-VERSIONS_SHOWN:]
    last = f" The last {len(found)} of {len(every):,} versions: load_times.tsv has all." if found != every else ""
    rows: Rows = [
        {
            "label": f"{one.app_version} ({one.count:,})",
            "p50": one.p50_ms,
            "p95": one.p95_ms,
            "p99": one.p99_ms,
            "end": max(time for time in (one.p50_ms, one.p95_ms, one.p99_ms) if time is not None),
        }
        for one in found
    ]
    return Picture(
        "load_times",
        "Load times by version",
        f"Milliseconds that page views took to load, all days together; in brackets how many page views.{last}",
        load_times_say(found),
        [("Version", "Page views", "Median", "95th percentile", "99th percentile"), *map(_row, found)],
        partial(draw_load_times, rows),
        {"quiet": "median", "accent": "95th percentile", "ink": "99th percentile"},
    )


def _row(one: LoadTimes) -> tuple[str, ...]:
    times = (milliseconds(time) for time in (one.p50_ms, one.p95_ms, one.p99_ms))
    return (one.app_version, f"{one.count:,}", *times)


def load_times_say(found: Sequence[LoadTimes]) -> str:
    """Return the fastest and the slowest version, of those with enough page views, and the newest one."""
    known = {one.app_version: one.p95_ms for one in found if one.p95_ms is not None and one.count >= FEWEST}
    if not known:
        return f"No version has {FEWEST} page views with a load time."
    version, time = list(known.items())[-1]
    said = f"In version {version}, the newest with {FEWEST} page views, 95% load within {milliseconds(time)}."
    if len(known) <= 1:
        return said
    best, worst = min(known, key=lambda one: known[one]), max(known, key=lambda one: known[one])
    fast, slow = milliseconds(known[best]), milliseconds(known[worst])
    return f"{said} Version {best} is fastest ({fast}), {worst} slowest ({slow})."


def draw_load_times(rows: Rows, width: int) -> Chart:
    """A line for each `label` from `p50` to its `end`, with a point at each percentile that is known."""
    x_axis = alt.Axis(tickCount=charts.ticks(width), format=",d", orient="top", domain=False, ticks=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=charts.labels([row["label"] for row in rows], width))
    scale = alt.Scale(zero=True, nice=False)
    layers = [base.mark_rule(color=charts.RULE, strokeWidth=3).encode(x=_x("p50", x_axis, scale), x2="end:Q")]
    for name, colour, shape in (
        ("p50", charts.QUIET, "circle"),
        ("p95", charts.ACCENT, "circle"),
        ("p99", charts.INK, "diamond"),
    ):
        point = base.mark_point(color=colour, filled=True, size=70, shape=shape, opacity=1)
        layers.append(point.encode(x=_x(name, x_axis, scale)).transform_filter(f"isValid(datum.{name})"))
    return alt.layer(*layers, width=width, height={"step": charts.STEP})


def _x(name: str, axis: alt.Axis, scale: alt.Scale) -> alt.X:
    return alt.X(f"{name}:Q", title="Milliseconds", axis=axis, scale=scale)


def correlation_picture(every: Sequence[DeviceCorrelation]) -> Picture:
    """Return the correlation of the last VERSIONS_SHOWN versions, each with the number of its users."""
    found = every[-VERSIONS_SHOWN:]
    rows: Rows = [
        {
            "label": f"{one.app_version} ({one.users:,})",
            "value": one.spearman or 0,
            "text": rho(one.spearman),
        }
        for one in found
    ]
    table = [(one.app_version, f"{one.users:,}", rho(one.spearman)) for one in found]
    head = ("Version", "Users", "Correlation")
    return Picture(
        "device_correlation",
        "Load times and the age of devices",
        "Spearman's correlation of the year of a user's device and the user's median load time, from "
        f"{_MINUS}1 (the newer, the faster) to +1 (the newer, the slower); in brackets the users",
        correlation_says(found),
        [head, *table] if any(one.spearman is not None for one in found) else [head],
        partial(draw_correlation, rows),
    )


def correlation_says(found: Sequence[DeviceCorrelation]) -> str:
    """Return what the newest version with a correlation tells."""
    known = [one for one in found if one.spearman is not None]
    if not known or known[-1].spearman is None:
        return ""
    last, spearman = known[-1], known[-1].spearman
    told = "newer devices load faster" if spearman < 0 else "newer devices load slower"
    if abs(spearman) < _NOTABLE:
        told = "load times hardly go with the year of the device"
    return f"In version {last.app_version} it is {rho(spearman)} over {counted(last.users, 'user')}: {told}."


def rho(spearman: float | None) -> str:
    """Return a correlation as text.

    >>> rho(0.25), rho(None)
    ('+0.25', 'not known')
    """
    return "not known" if spearman is None else f"{spearman:+.2f}".replace("-", _MINUS)


def draw_correlation(rows: Rows, width: int) -> Chart:
    """A bar for each `label` from 0 to its `value`, on a scale from -1 to 1, with its `text`."""
    axis = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], format=".1~f", orient="top", domain=False, ticks=False)
    x = alt.X("value:Q", title=None, axis=axis, scale=alt.Scale(domain=[-1, 1]))
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=charts.labels([row["label"] for row in rows], width))
    right, left = "datum.value >= 0", "datum.value < 0"
    text = base.encode(x=x, text="text:N")
    return alt.layer(
        base.mark_bar(color=charts.ACCENT, height=charts.BAR).encode(x=x, x2=alt.datum(0)),
        base.mark_rule(color=charts.SOFT).encode(x=alt.datum(0)),
        text.mark_text(align="left", dx=6, color=charts.SOFT).transform_filter(right),
        text.mark_text(align="right", dx=-6, color=charts.SOFT).transform_filter(left),
        width=width,
        height={"step": charts.STEP},
    )
