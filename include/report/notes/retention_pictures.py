"""The pictures of retention: the triangle of cohorts as a heat map, and all cohorts together week by week."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import altair as alt

from include.report import charts
from include.report.charts import Chart, Row, Rows
from include.report.notes.model import Average, Cohort
from include.report.numbers import percent
from include.report.picture import Picture, Table
from include.report.text import counted, day

# In the page; `report.json` and the answer's file have all of them.
COHORTS_SHOWN = 26
ALL, FIRST = "All cohorts", "*"
# A row without a name, between all cohorts and each.
_GAP = " "
# What a cell takes at most, and what the names beside the cells take, in pixels.
_CELL, _NAMES = 44, 150
# As wide as the title of the weeks, at least.
_WEEKS = 170
_HEIGHT, _LOW, _SMALL = 22, 16, 10
# On a phone, cells of more weeks are too narrow for a number.
_FEW_WEEKS = 10
# How dark a cell is: text on the darkest one is read in both themes. Week 0 is all of a cohort, and as dark as can be.
_PALE, _DARK = 0.06, 0.55
_LEAST_TOP = 0.1


def retention_picture(cohorts: Sequence[Cohort], averages: Sequence[Average]) -> Picture:
    """Return the triangle of the last COHORTS_SHOWN cohorts, below all cohorts together."""
    shown = cohorts[-COHORTS_SHOWN:]
    weeks = max((_elapsed(one) for one in shown), default=0)
    last = f"The last {len(shown)} of {len(cohorts):,} cohorts: retention.tsv has all. " if shown != cohorts else ""
    first = f"{FIRST} The log's first cohort has users from before the log, too." if _has_first(shown) else ""
    units = (
        "Percent of a cohort's users who were active in each week after that of their first interaction; beside each "
        f"Monday the cohort's users. An outlined cell is a week that is not over. {last}{first}"
    )
    return Picture(
        "retention",
        "Cohorts week by week",
        units.strip(),
        retention_says(averages),
        _table(cohorts, averages, weeks) if averages else [("Cohort",)],
        partial(draw_triangle, cells(shown, averages, weeks)),
    )


def retention_says(averages: Sequence[Average]) -> str:
    """Return what part of all cohorts came back after 1, 4, 12 and 26 weeks."""
    found = {one.week: one for one in averages}
    said = [f"{percent(found[week].rate_in)} in week {week}" for week in (1, 4, 12, 26) if week in found]
    if not said:
        return "No week after the first one of a cohort is over."
    return f"Of all cohorts for which the week is over, so many users come back: {', '.join(said)}."


def cells(shown: Sequence[Cohort], averages: Sequence[Average], weeks: int) -> Rows:
    """Return a cell for each week of all cohorts and of each; `rate` is null where the week is not over."""
    of_all = {one.week: one.rate_in for one in averages}
    rows = [_cell(ALL, ALL, week, of_all.get(week)) for week in range(weeks + 1)]
    for one in shown:
        long, short = _names(one)
        for week in range(weeks + 1):
            retained = one.retained_in[week]
            rows.append(_cell(long, short, week, None if retained is None else retained / one.size))
    return rows


def _cell(name: str, short: str, week: int, rate: float | None) -> Row:
    text = "" if rate is None else f"{rate:.0%}".removesuffix("%")
    return {"name": name, "short": short, "week": week, "rate": rate, "text": text}


def _names(one: Cohort) -> tuple[str, str]:
    mark = FIRST if one.is_first else ""
    return f"{day_of(one)} ({one.size:,}){mark}", f"{one.week.day} {one.week:%b %y}{mark}"


def day_of(one: Cohort) -> str:
    """Return the Monday of a cohort, with the month in three letters."""
    return f"{one.week.day} {one.week:%b %Y}"


def draw_triangle(rows: Rows, width: int) -> Chart:
    """A cell for each `week` of each `name`, the darker the higher its `rate`; one without a rate is an outline."""
    is_narrow = width < charts.NARROW
    name, names = ("short", 90) if is_narrow else ("name", _NAMES)
    labels = [row[name] for row in rows if row["week"] == 0]
    weeks = 1 + max(row["week"] for row in rows)
    top = max([row["rate"] for row in rows if row["week"] and row["rate"] is not None] + [_LEAST_TOP])
    told = range(0, weeks, 4 if is_narrow and weeks > _FEW_WEEKS else 1)
    y = alt.Y(f"{name}:N", title=None, scale=alt.Scale(domain=[labels[0], _GAP, *labels[1:]])).axis(
        labelColor=charts.INK, domain=False, ticks=False, labelLimit=names
    )
    x = alt.X("week:O", title="Weeks after the first one").axis(
        values=list(told),
        labelAngle=0,
        orient="top",
        domain=False,
        ticks=False,
        titleAnchor="start",
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=x, y=y)
    cell: dict[str, Any] = {"stroke": charts.PAGE, "strokeWidth": 1}
    shade = alt.FillOpacity("rate:Q", legend=None).scale(domain=[0, top], range=[_PALE, _DARK], clamp=True)
    layers = [
        base.mark_rect(fill=None, stroke=charts.RULE, strokeWidth=1).transform_filter("!isValid(datum.rate)"),
        base.mark_rect(color=charts.ACCENT, **cell)
        .transform_filter("isValid(datum.rate) && datum.week > 0")
        .encode(fillOpacity=shade),
        base.mark_rect(color=charts.ACCENT, **cell).transform_filter("isValid(datum.rate) && datum.week == 0"),
    ]
    if not is_narrow or weeks <= _FEW_WEEKS:
        for colour, when in ((charts.INK, "datum.week > 0"), (charts.PAGE, "datum.week == 0")):
            layers.append(base.mark_text(color=colour, fontSize=_SMALL).encode(text="text:N").transform_filter(when))
    height = {"step": _LOW if is_narrow else _HEIGHT}
    return alt.layer(*layers, width=min(width, names + max(_WEEKS, _CELL * weeks)), height=height)


def average_picture(averages: Sequence[Average]) -> Picture:
    """Return all cohorts together, week by week."""
    head = ("Week", "Cohorts", "Users", "In the week", "In the week or later")
    table: Table = [
        (str(one.week), f"{one.cohorts:,}", f"{one.size:,}", percent(one.rate_in), percent(one.rate_in_or_after))
        for one in averages
    ]
    rows: Rows = [
        {"week": one.week, "rate_in": one.rate_in, "rate_in_or_after": one.rate_in_or_after} for one in averages
    ]
    return Picture(
        "average_retention",
        "All cohorts together",
        "Percent of the users of all cohorts for which the week is over. Later weeks are of fewer, older cohorts.",
        _average_says(averages),
        [head, *table] if len(table) > 1 else [head],
        partial(draw_average, rows),
        {"accent": "active in the week", "quiet": "active in the week or later"},
    )


def _average_says(averages: Sequence[Average]) -> str:
    if len(averages) <= 1:
        return ""
    last = averages[-1]
    return (
        f"In week {last.week} {percent(last.rate_in)} of {counted(last.size, 'user')} were active, "
        f"{percent(last.rate_in_or_after)} then or later."
    )


def draw_average(rows: Rows, width: int) -> Chart:
    """Two lines over `week`: `rate_in` and `rate_in_or_after`."""
    x = alt.X("week:Q", title="Weeks after the first one", scale=alt.Scale(nice=False)).axis(
        values=list(range(0, len(rows), -(-len(rows) // (2 * charts.ticks(width))))),
        format="d",
        grid=False,
    )
    layers = []
    for name, colour in (("rate_in_or_after", charts.QUIET), ("rate_in", charts.ACCENT)):
        y = alt.Y(f"{name}:Q", title=None, scale=alt.Scale(domain=[0, 1])).axis(
            tickCount=3, format=".0%", domain=False, ticks=False
        )
        point = alt.OverlayMarkDef(color=colour, filled=True, size=20, opacity=1)
        line = alt.Chart(alt.InlineData(values=rows)).mark_line(color=colour, strokeWidth=2, point=point)
        layers.append(line.encode(x=x, y=y))
    return alt.layer(*layers, width=width, height=charts.PANEL)


def _elapsed(one: Cohort) -> int:
    """Return the last week of a cohort that is over, 0 before the first one is."""
    return max((week for week, retained in enumerate(one.retained_in) if retained is not None), default=0)


def _has_first(shown: Sequence[Cohort]) -> bool:
    return any(one.is_first for one in shown)


def _table(cohorts: Sequence[Cohort], averages: Sequence[Average], weeks: int) -> Table:
    of_all = {one.week: one.rate_in for one in averages}
    every = sum(one.size for one in cohorts)
    rows: Table = [("Cohort (Monday)", "Users", *(f"Week {week}" for week in range(weeks + 1)))]
    rows.append((ALL, f"{every:,}", *(percent(of_all.get(week)) for week in range(weeks + 1))))
    for one in cohorts[-COHORTS_SHOWN:]:
        rates = (None if retained is None else retained / one.size for retained in one.retained_in[: weeks + 1])
        name = f"{day(one.week)}{FIRST if one.is_first else ''}"
        rows.append((name, f"{one.size:,}", *("" if rate is None else percent(rate) for rate in rates)))
    return rows
