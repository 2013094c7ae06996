"""The answers of a run as the report has them, read from the tables of the lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import IsNull

from include.report.by_day import DAYS_SHOWN
from include.report.notes.model import (
    ActiveDays,
    Average,
    Cohort,
    Day,
    DeviceCorrelation,
    LoadTimes,
    Measured,
    PowerUser,
    Segment,
    SegmentKind,
    SessionMeans,
    Summary,
)
from include.report.notes.versions import by_number
from include.report.scan import RunTables
from spark_jobs.engagement.tables import (
    ACTIVE_DAYS,
    ANOMALIES,
    DAILY_ENGAGEMENT,
    DEVICE_CORRELATION,
    LOAD_TIMES,
    POWER_USERS,
    RETENTION,
    SEGMENTS,
    SESSION_OUTCOMES,
)
from spark_jobs.lake.tables import Table

# How many power users `report.json` has; the answer's file has all of them.
KEPT = 100
# By the column that they are made of.
_KINDS: dict[str, SegmentKind] = {"country": "country", "device_type": "device", "subscription_type": "subscription"}
_SUMMED = ("duration_seconds", "active_seconds", "interaction_count")
Row = dict[str, Any]


def days(tables: RunTables) -> tuple[Day, ...]:
    """Return the activity of every day, the run date first."""
    return tuple(Day(**row) for row in reversed(_by_day(tables.rows(DAILY_ENGAGEMENT))))


def metrics(tables: RunTables) -> tuple[Measured, ...]:
    """Return the metrics of the last DAYS_SHOWN days, in order."""
    rows = _by_day(tables.rows(ANOMALIES))
    shown = set(sorted({row["day"] for row in rows})[-DAYS_SHOWN:])
    return tuple(Measured(**row) for row in rows if row["day"] in shown)


def _by_day(rows: pa.Table) -> list[Row]:
    found = ({"day": row.pop("date"), **row} for row in rows.to_pylist())
    return sorted(found, key=itemgetter("day"))


def active_days(tables: RunTables) -> tuple[ActiveDays, ...]:
    """Return how many users were active on 1, 2, ... of the last 28 days."""
    return tuple(ActiveDays(**row) for row in _rows(tables, ACTIVE_DAYS, "active_days"))


def power_users(tables: RunTables) -> tuple[tuple[PowerUser, ...], int]:
    """Return the first of the users with most active time, and how many there are."""
    rows = _rows(tables, POWER_USERS, "rank", "user_id")
    return tuple(PowerUser(**row) for row in rows[:KEPT]), len(rows)


def cohorts(tables: RunTables) -> tuple[Cohort, ...]:
    """Return the weekly cohorts, the oldest first."""
    rows = _rows(tables, RETENTION, "cohort_week", "week")
    return tuple(_cohort(list(weeks)) for _, weeks in groupby(rows, key=itemgetter("cohort_week")))


def _cohort(weeks: list[Row]) -> Cohort:
    retained = {name: tuple(week[name] for week in weeks) for name in ("retained_in", "retained_in_or_after")}
    first = weeks[0]
    return Cohort(week=first["cohort_week"], size=first["cohort_size"], is_first=first["is_first"], **retained)


def averages(found: Sequence[Cohort]) -> tuple[Average, ...]:
    """Return all cohorts together, week by week, as far as the week is over for one."""
    weeks = max((len(one.retained_in) for one in found), default=0)
    return tuple(_average(week, over) for week in range(weeks) if (over := _over(found, week)))


def _over(found: Iterable[Cohort], week: int) -> list[Cohort]:
    return [one for one in found if one.retained_in[week] is not None]


def _average(week: int, over: Sequence[Cohort]) -> Average:
    size = sum(one.size for one in over)
    retained, after = (
        sum(getattr(one, name)[week] or 0 for one in over) for name in ("retained_in", "retained_in_or_after")
    )
    rates = {"rate_in": retained / size, "rate_in_or_after": after / size}
    return Average(week=week, cohorts=len(over), size=size, retained_in=retained, retained_in_or_after=after, **rates)


def segments(tables: RunTables) -> tuple[Segment, ...]:
    """Return the segments of each kind, those with most users first."""
    return tuple(
        Segment(kind=kind, **row)
        for column, kind in _KINDS.items()
        for row in sorted(tables.rows(SEGMENTS[column]).to_pylist(), key=lambda row: (-row["users"], row["segment"]))
    )


def load_times(tables: RunTables) -> tuple[LoadTimes, ...]:
    """Return the load times of each version, all days together."""
    rows = tables.rows(LOAD_TIMES, *LoadTimes.model_fields, where=IsNull(term="date")).to_pylist()
    return tuple(LoadTimes(**row) for row in sorted(rows, key=_version))


def correlations(tables: RunTables) -> tuple[DeviceCorrelation, ...]:
    """Return how load times go with the year of devices, by version."""
    return tuple(DeviceCorrelation(**row) for row in sorted(tables.rows(DEVICE_CORRELATION).to_pylist(), key=_version))


def _version(row: Row) -> tuple[int, ...]:
    return by_number(row["app_version"])


def session_means(tables: RunTables) -> tuple[SessionMeans, SessionMeans]:
    """Return what all sessions are like, and what those of two and more interactions are; in the memory of a file."""
    every: Counter[str] = Counter()
    several: Counter[str] = Counter()
    for batch in tables.batches(SESSION_OUTCOMES, *_SUMMED):
        of_several = batch.filter(pc.greater_equal(batch["interaction_count"], 2))
        for sums, rows in ((every, batch), (several, of_several)):
            sums["sessions"] += rows.num_rows
            sums.update({name: pc.sum(rows[name]).as_py() or 0 for name in _SUMMED})
    return _means(every), _means(several)


def _means(sums: Counter[str]) -> SessionMeans:
    count = sums["sessions"]
    duration, active, interactions = (round(sums[name] / count, 6) if count else None for name in _SUMMED)
    return SessionMeans(
        sessions=count, mean_duration_seconds=duration, mean_active_seconds=active, mean_interactions=interactions
    )


def summary(found: Sequence[Day], of_kinds: Sequence[Segment]) -> Summary:
    """Return the whole log in numbers: every user is in one segment of each kind, so that one kind is the whole."""
    parts = [one for one in of_kinds if one.kind == "device"]
    sessions = sum(one.sessions for one in parts)
    bounced = sum((one.bounce_rate or 0) * one.sessions for one in parts)
    windows = ("dau", "wau_7d", "mau_28d")
    last = {name: getattr(found[0], name) if found else 0 for name in windows}
    return Summary(
        days=len(found),
        users=sum(one.users for one in parts),
        sessions=sessions,
        bounce_rate=round(bounced / sessions, 6) if sessions else None,
        stickiness=found[0].stickiness if found else None,
        **last,
    )


def _rows(tables: RunTables, table: Table, *order: str) -> list[Row]:
    return sorted(tables.rows(table).to_pylist(), key=itemgetter(*order))
