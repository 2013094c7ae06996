"""Listens and sessions by hour, day and length, against a count of the same listens in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from include.report.listening.model import NotShown, OverTime, Period
from include.report.listening.times import by_weekday, counted_times, over_time, session_lengths, shown_days
from include.report.scan import tables_of
from spark_jobs.shared.lake import Lake
from tests import model
from tests.include.report.finished import finish, made
from tests.logs import GAP, RUN_DATE


def period(start: str, listens: int = 0, sessions: int = 0) -> Period:
    return Period(start=date.fromisoformat(start), listens=listens, sessions=sessions)


def counts(*times: str) -> np.ndarray:
    """Counts by hour since 1970 of some times."""
    hours = [int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()) // 3600 for time in times]
    return np.bincount(hours) if hours else np.zeros(0, np.int64)


@pytest.mark.parametrize(
    ("first", "last", "period", "number"),
    [
        pytest.param("2009-01-01T00:00", "2009-01-01T00:00", "day", 1, id="an hour"),
        pytest.param("2009-01-01T23:00", "2009-04-02T00:00", "day", 92, id="92 days"),
        pytest.param("2009-01-01T00:00", "2009-04-03T00:00", "week", 14, id="93 days"),
        pytest.param("2009-01-01T00:00", "2012-01-05T00:00", "week", 158, id="1,100 days"),
        pytest.param("2009-01-01T00:00", "2012-01-06T00:00", "month", 37, id="1,101 days"),
    ],
)
def test_the_period_follows_from_the_span(first: str, last: str, period: str, number: int) -> None:
    found = over_time(counts(first, last), counts(first))
    assert (found.period, len(found.periods)) == (period, number)
    assert sum(one.listens for one in found.periods) == 2


def test_every_period_without_listens_is_there() -> None:
    listens = counts("2009-05-01T23:00", "2009-05-01T23:00", "2009-05-04T00:00")
    assert over_time(listens, counts("2009-05-01T23:00", "2009-05-04T00:00")) == OverTime(
        period="day",
        periods=(period("2009-05-01", 2, 1), period("2009-05-02"), period("2009-05-03"), period("2009-05-04", 1, 1)),
        earlier=None,
        later=None,
    )
    assert over_time(counts(), counts()) == OverTime(period="day", periods=(), earlier=None, later=None)


def test_weeks_begin_monday_and_months_on_first() -> None:
    # 2009-01-05 and 2009-04-27 are Mondays.
    weeks = over_time(counts("2009-01-11T23:00", "2009-05-02T00:00"), counts()).periods
    assert (weeks[0], weeks[-1]) == (period("2009-01-05", 1), period("2009-04-27", 1))
    months = over_time(counts("2004-02-29T23:00", "2009-01-31T23:00"), counts()).periods
    assert [str(months[place].start) for place in (0, 1, -1)] == ["2004-02-01", "2004-03-01", "2009-01-01"]


def days(**of_day: int) -> np.ndarray:
    """Listens by day, `d5=3` for three on the sixth."""
    listens = np.zeros(1 + max(int(name[1:]) for name in of_day), np.int64)
    for name, number in of_day.items():
        listens[int(name[1:])] = number
    return listens


@pytest.mark.parametrize(
    ("listens", "shown"),
    [
        pytest.param(days(d10=1), [10, 10], id="one listen"),
        pytest.param(days(d0=1, d900=1), [0, 900], id="too few to call one of them a stray"),
        pytest.param(days(d0=1, d900=50, d910=49), [900, 910], id="1 in 100 long before"),
        pytest.param(days(d0=1, d900=50, d910=48), [0, 910], id="1 in 99 long before"),
        pytest.param(days(d0=50, d10=49, d900=1), [0, 10], id="1 in 100 long after"),
        pytest.param(days(d0=1, d900=500, d910=498, d3000=1), [900, 910], id="at both ends"),
        pytest.param(days(d880=1, d895=1, d900=500, d1000=498), [880, 1000], id="1 in 1,000 in each tenth before"),
        pytest.param(days(d880=1, d895=1, d900=500, d1000=499), [900, 1000], id="1 in 1,001 in each tenth before"),
        pytest.param(days(d900=500, d1000=498, d1005=1, d1020=1), [900, 1020], id="1 in 1,000 in each tenth after"),
        pytest.param(days(d900=500, d1000=499, d1005=1, d1020=1), [900, 1000], id="1 in 1,001 in each tenth after"),
        pytest.param(days(d890=1, d900=5000, d1000=5000), [890, 1000], id="1 in 10,001 in the last tenth before"),
        pytest.param(days(d889=1, d900=5000, d1000=5000), [900, 1000], id="1 in 10,001 before the last tenth"),
        pytest.param(np.ones(2000, np.int64), [0, 1999], id="the same every day"),
        pytest.param(np.arange(2000), [1, 1999], id="more by the day"),
    ],
)
def test_shown_days_hold_nearly_all_listens(listens: np.ndarray, shown: list[int]) -> None:
    assert shown_days(listens).tolist() == shown


@pytest.mark.parametrize("seed", range(20))
def test_strays_never_squash_the_rest(seed: int) -> None:
    chance = random.Random(seed)
    # A dense stretch, and up to a hundredth as many before it, scattered as broken clocks would have it.
    length, strays = chance.randrange(1, 200), chance.randrange(1, 1000)
    listens = np.zeros(9000, np.int64)
    listens[8000 : 8000 + length] = chance.randrange(1, 500)
    listens[8000] += 100_000
    np.add.at(listens, [chance.randrange(8000) for _ in range(strays)], 1)
    first, last = shown_days(listens)
    assert last + 1 - first <= 4 * length + 4
    assert listens[first : last + 1].sum() >= 0.98 * listens.sum()


def test_listens_outside_are_counted_and_dated() -> None:
    # By the week, and the first week shown has a stray in it that is no reason to show it.
    strays = ["2005-03-01T10:00", "2008-12-31T23:00", "2013-09-29T00:00"]
    played = [f"2009-0{month}-{day:02d}T12:00" for month in (1, 2, 3, 4) for day in range(1, 29) for _ in range(3)]
    found = over_time(counts(*strays, *played), counts(*strays, *played[::3]))
    assert found.earlier == NotShown(listens=1, sessions=1, first_day="2005-03-01", last_day="2005-03-01")
    assert found.later == NotShown(listens=1, sessions=1, first_day="2013-09-29", last_day="2013-09-29")
    assert (found.period, found.periods[0].start) == ("week", date(2008, 12, 29))
    assert sum(one.listens for one in found.periods) == len(played) + 1
    assert sum(one.sessions for one in found.periods) == len(played[::3]) + 1


def test_hours_of_week_are_utc_from_monday() -> None:
    found = by_weekday(counts("2009-05-04T00:00", "2009-05-10T23:00", "2009-05-17T23:00"))
    assert (found[0][0], found[6][23], sum(map(sum, found))) == (1, 2, 3)
    assert by_weekday(counts()) == ((0,) * 24,) * 7


def test_session_lengths_keep_empty_powers_of_two() -> None:
    # Sessions of 1, 2 or 3, and 8 to 15 tracks.
    found = session_lengths(np.array([4, 2, 0, 1]), np.array([0, 0, 0, 1]))
    assert [tuple(one.model_dump().values()) for one in found] == [
        (1, 1, 4, 0),
        (2, 3, 2, 0),
        (4, 7, 0, 0),
        (8, 15, 1, 1),
    ]


def test_whole_log_is_counted(lake: Lake) -> None:
    chance = random.Random(5)
    start = datetime(2009, 2, 1, tzinfo=UTC)
    times = sorted(start + timedelta(minutes=chance.randrange(60 * 24 * 80)) for _ in range(3000))
    played = [model.Listen(chance.choice("uvw"), time, None, "A", None, "B") for time in times]
    finish(lake, played)
    sessions = model.sessions_of(played, GAP)
    top = model.top_sessions(sessions, 50)
    with tables_of(lake, RUN_DATE) as tables:
        found = counted_times(tables, made(lake).top_sessions)
    by_day = Counter(time.date() for time in times)
    begun = Counter(session.started_at.date() for session in sessions)
    days = [date(2009, 2, 1) + timedelta(days=number) for number in range(80)]
    assert found.over_time.periods == tuple(period(str(day), by_day[day], begun[day]) for day in days)
    by_hour = Counter((time.weekday(), time.hour) for time in times)
    assert found.by_weekday == tuple(tuple(by_hour[weekday, hour] for hour in range(24)) for weekday in range(7))
    lengths = Counter(session.track_count.bit_length() for session in sessions)
    among_top = Counter(session.track_count.bit_length() for session in top)
    assert [(one.from_tracks, one.sessions, one.top_sessions) for one in found.session_lengths] == [
        (2 ** (bits - 1), lengths[bits], among_top[bits]) for bits in range(1, max(lengths) + 1)
    ]
