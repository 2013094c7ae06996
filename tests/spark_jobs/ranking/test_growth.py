from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.ranking import growth, other_gaps
from spark_jobs.ranking.growth import Growth
from spark_jobs.ranking.other_gaps import Cut
from spark_jobs.ranking.rankings import top_sessions
from spark_jobs.shared import schemas
from tests import model
from tests.logs import START

GAP, OTHER_GAPS = (
    timedelta(minutes=20),
    {"gap_10_minutes": timedelta(minutes=10), "gap_30_minutes": timedelta(minutes=30)},
)
# Around all three gaps, and more than a day.
STEPS = [0, 1, 599, 600, 601, 1200, 1201, 1800, 1801, 9000, 100_000]

History = tuple[list[model.Listen], list[model.Listen]]


def listens(*minutes: int, user: str = "u") -> list[model.Listen]:
    return [model.Listen(user, START + timedelta(minutes=minute), None, "a", None, "t") for minute in minutes]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A log in two parts: what was there, and what came, before, between or after it."""
    parts: History = ([], [])
    for user in draw(st.lists(st.sampled_from("uvw"), min_size=1, unique=True)):
        moment = START
        for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=25)):
            moment += timedelta(seconds=step)
            # Most were there: what has not changed is what this is about.
            parts[draw(st.sampled_from([0, 0, 0, 1]))].append(model.Listen(user, moment, None, "a", None, "t"))
    return parts


def longest(log: list[model.Listen], gap: timedelta, number: int) -> list[tuple]:
    return [session_of(one) for one in model.top_sessions(model.sessions_of(log, gap), number)]


def session_of(found: Any) -> tuple:
    return found.user_id, found.started_at, found.ended_at, found.track_count


def known(history: History, number: int, gap: timedelta) -> list[tuple] | None:
    """The longest sessions of the whole log; None if those of what was there do not tell.

    They do if there were enough, and as many as there were stand no further back now than the last of them did.
    """
    there, came = history
    before = longest(there, gap, number)
    now = longest(there + came, gap, number)
    if len(before) < number or len(now) < number:
        return None
    return now if order(now[-1]) <= order(before[-1]) else None


def order(session: tuple) -> tuple:
    user_id, started_at, _, track_count = session
    return -track_count, started_at, user_id


def grown(spark: SparkSession, history: History, number: int, scratch: Path) -> dict[str, list[tuple] | None]:
    there, came = history
    chosen = [(name, one) for name, gap in OTHER_GAPS.items() for one in longest(there, gap, number)]
    log = Growth(
        spark.createDataFrame(chosen, schemas.CHOSEN_SESSIONS), frame(spark, came, schemas.LISTENS), str(scratch)
    )
    sessions = frame(spark, model.sessions_of(there + came, GAP), schemas.SESSIONS)
    cut = Cut(sessions, frame(spark, there + came, schemas.LISTENS), GAP)
    found = {name: log.longest(name, gap, cut, number) for name, gap in OTHER_GAPS.items()}
    return {name: rows if rows is None else ranked(rows, number) for name, rows in found.items()}


def ranked(sessions: DataFrame, number: int) -> list[tuple]:
    """The longest, with their times as text: Python's would be of the machine's zone."""
    rows = top_sessions(sessions, number).selectExpr(
        "user_id", "unix_micros(started_at)", "unix_micros(ended_at)", "track_count"
    )
    return [tuple(row) for row in rows.collect()]


def frame(spark: SparkSession, rows: Any, schema: Any) -> DataFrame:
    return spark.createDataFrame([astuple(row) for row in rows], schema)


def in_micros(sessions: list[tuple] | None) -> list[tuple] | None:
    if sessions is None:
        return None
    return [(user, *(round(at.timestamp() * 1e6) for at in times), tracks) for user, *times, tracks in sessions]


@given(history=histories(), number=st.integers(1, 3), days_around=st.sampled_from([0, 7]))
@example(history=(listens(0, 5, 40), listens(65)), number=1, days_around=0)  # joins two sessions by half an hour
# Two of the two longest become one: who is second now was not among them.
@example(history=(listens(0, 25, 80, 105, 300), listens(55)), number=2, days_around=7)
# The longest by half an hour begins days before the listen that makes it longer.
@example(history=(listens(*range(0, 5000, 25)), listens(5000)), number=1, days_around=0)
@example(history=(listens(0, 5), []), number=1, days_around=7)
@example(history=([], listens(0, 5)), number=1, days_around=7)
def test_the_longest_sessions_of_another_gap_are_those_of_the_whole_log_or_not_told(
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    history: History,
    number: int,
    days_around: int,
) -> None:
    with patch.object(growth, "DAYS_AROUND", days_around):
        found = grown(spark, history, number, tmp_path_factory.mktemp("scratch"))
    assert found == {name: in_micros(known(history, number, gap)) for name, gap in OTHER_GAPS.items()}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sessions, or listens, were joined, each time."""
    found: list[int] = []

    def spy_on(real: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
        def joined(stretches: DataFrame, *more: Any) -> DataFrame:
            found.append(stretches.count())
            return real(stretches, *more)

        return joined

    monkeypatch.setattr(growth, "joined", spy_on(growth.joined))
    monkeypatch.setattr(other_gaps, "joined", spy_on(other_gaps.joined))
    return found


def test_only_what_is_near_a_new_listen_is_looked_at(spark: SparkSession, tmp_path: Path, looked_at: list[int]) -> None:
    days = [1440 * day for day in range(100)]
    there = listens(*(day + minute for day in days for minute in (0, 5, 25)))
    new = listens(days[-1] + 30)
    assert grown(spark, (there, new), 1, tmp_path)["gap_10_minutes"] is not None
    # The four listens of the session that has grown; the sessions of the seven days before the new listen, and that.
    assert looked_at == [4, 8]


def test_days_are_looked_at_until_no_session_goes_on_beyond_them(
    spark: SparkSession, tmp_path: Path, looked_at: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "DAYS_AROUND", 1)
    there, new = listens(*range(0, 7200, 25)), listens(7200)
    found = grown(spark, (there, new), 1, tmp_path)["gap_30_minutes"]
    assert found == in_micros(longest(there + new, timedelta(minutes=30), 1))
    of_longer_gap = looked_at[1:]
    # Around the day of the new listen, around those that these sessions reach, and all there are, and the new listen.
    assert of_longer_gap == [116, 231, 290]
