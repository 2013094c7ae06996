from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.rankings import top_sessions
from spark_jobs.ranking.sensitivity import growth, other_gaps
from spark_jobs.ranking.sensitivity.definitions import GAPS
from spark_jobs.ranking.sensitivity.growth import Growth, rows_of, seconds, tracks
from spark_jobs.ranking.sources import CutLog
from spark_jobs.ranking.tables import CHOSEN_SESSION
from spark_jobs.shared.scratch import Keep, scratch
from tests import model
from tests.frames import frame_of
from tests.logs import GAP, START

# Around all three gaps, and more than a day.
STEPS = [0, 1, 599, 600, 601, 1200, 1201, 1800, 1801, 9000, 100_000]

History = tuple[list[model.Listen], list[model.Listen]]


def listens(*minutes: int) -> list[model.Listen]:
    return [model.Listen("u", START + timedelta(minutes=minute), None, "a", None, "t") for minute in minutes]


def fast(number: int, from_second: int = 0) -> list[model.Listen]:
    """Two listens a second: of thirty and more, a session is implausible."""
    moments = (START + timedelta(seconds=from_second, milliseconds=500 * second) for second in range(number))
    return [model.Listen("u", moment, None, "a", None, "t") for moment in moments]


@pytest.fixture
def keep() -> Iterator[Keep]:
    with scratch() as keep:
        yield keep


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
    """Return the longest sessions of the whole log, or None if the base's sessions leave it open.

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


def grown(
    spark: SparkSession, history: History, name: str, number: int, keep: Keep, run_gap: timedelta = GAP
) -> list[tuple] | None:
    """The longest sessions of a log that has grown, by the other gap of this name."""
    there, came = history
    gap = GAPS[name]
    log = Growth({name: chosen(there, gap, number)}, frame(spark, touched_by(history, run_gap), SESSIONS.schema), keep)
    sessions = frame(spark, model.sessions_of(there + came, run_gap), SESSIONS.schema)
    cut = CutLog(sessions, frame(spark, there + came, LISTENS.schema), run_gap)
    found = log.longest(name, gap, cut, number)
    return None if found is None else ranked(found, number)


def chosen(log: list[model.Listen], gap: timedelta, number: int) -> list[dict[str, Any]]:
    """The longest sessions of a log, as CHOSEN_SESSION."""
    names = CHOSEN_SESSION.fieldNames()
    return [dict(zip(names, session, strict=True)) for session in longest(log, gap, number)]


def touched_by(history: History, gap: timedelta) -> list[model.Session]:
    """The sessions of the whole log that hold a listen that came."""
    there, came = history
    return [
        session
        for session in model.sessions_of(there + came, gap)
        if any(
            one.user_id == session.user_id and session.started_at <= one.listened_at <= session.ended_at for one in came
        )
    ]


def ranked(sessions: DataFrame, number: int) -> list[tuple]:
    """The longest, with their times as text: Python's would be of the machine's zone."""
    rows = top_sessions(sessions, number).selectExpr(
        "user_id", "unix_micros(started_at)", "unix_micros(ended_at)", "track_count"
    )
    return [tuple(row) for row in rows.collect()]


def frame(spark: SparkSession, rows: Any, schema: Any) -> DataFrame:
    return frame_of(spark, [astuple(row) for row in rows], schema)


def in_micros(sessions: list[tuple] | None) -> list[tuple] | None:
    if sessions is None:
        return None
    return [(user, *(round(at.timestamp() * 1e6) for at in times), tracks) for user, *times, tracks in sessions]


BY_TEN, BY_THIRTY = GAPS
# Of 5 minutes both are longer, of 45 both are shorter.
RUN_GAPS = [5, 20, 20, 45]


@given(
    history=histories(),
    name=st.sampled_from([BY_TEN, BY_THIRTY]),
    number=st.integers(1, 3),
    run_gap=st.sampled_from(RUN_GAPS),
    days_around=st.sampled_from([1, 7]),
)
# By half an hour the new listen joins two sessions.
@example(history=(listens(0, 5, 40), listens(65)), name=BY_THIRTY, number=1, run_gap=20, days_around=7)
# The two longest become one: who is second now was not among them.
@example(history=(listens(0, 25, 80, 105, 300), listens(55)), name=BY_THIRTY, number=2, run_gap=20, days_around=7)
# The longest begins days before the listen that makes it longer.
@example(history=(listens(*range(0, 5000, 25)), listens(5000)), name=BY_THIRTY, number=1, run_gap=20, days_around=1)
# Two parts of a session become one, longer than any.
@example(history=(listens(0, 5, 16, 40), listens(10)), name=BY_TEN, number=1, run_gap=20, days_around=7)
# A new one is as long as the longest, and began before it.
@example(history=(listens(100, 105), listens(0, 5)), name=BY_TEN, number=1, run_gap=20, days_around=7)
@example(history=(listens(0, 5), []), name=BY_TEN, number=1, run_gap=20, days_around=7)
@example(history=([], listens(0, 5)), name=BY_TEN, number=1, run_gap=20, days_around=7)
def test_longest_by_other_gaps_match_the_whole_log(
    spark: SparkSession,
    keep: Keep,
    *,
    history: History,
    name: str,
    number: int,
    run_gap: int,
    days_around: int,
) -> None:
    with patch.object(growth, "DAYS_AROUND", days_around):
        found = grown(spark, history, name, number, keep, timedelta(minutes=run_gap))
    assert found == in_micros(known(history, number, GAPS[name]))


def by_tracks(session: Any) -> tuple:
    return -session.track_count, session.started_at, session.user_id


def by_duration(session: Any) -> tuple:
    return -session.duration_seconds, session.started_at, session.user_id


def of_run(history: History, number: int, place: Callable[[Any], tuple], implausible: bool) -> list[Any] | None:
    """The sessions that stand first now, or None if the base's sessions leave it open."""
    there, came = history
    before, now = (
        sorted((one for one in model.sessions_of(log, GAP) if implausible or not one.is_implausible), key=place)
        for log in (there, there + came)
    )
    if len(before) < number or len(now) < number or place(now[number - 1]) > place(before[number - 1]):
        return None
    return now[:number]


@given(history=histories(), number=st.integers(1, 3))
# The longest becomes implausible: of the plausible ones another is the longest, which the base did not choose.
@example(history=(fast(29) + listens(60), fast(2, from_second=15)), number=1)
# The two longest become one: who is second now was not among them.
@example(history=(listens(0, 15, 40, 55, 300), listens(30)), number=2)
@example(history=(listens(0, 15, 40), []), number=2)
def test_longest_by_run_gap_match_the_whole_log(
    spark: SparkSession, keep: Keep, *, history: History, number: int
) -> None:
    there, _ = history
    whole = model.sessions_of(there, GAP)
    asked = {
        "tracks": (by_tracks, tracks, True),
        "duration": (by_duration, seconds, True),
        "plausible": (by_tracks, tracks, False),
    }
    # Of all definitions but the answer the base keeps less.
    names = {"tracks": SESSIONS.schema.fieldNames()}
    before = {
        name: [
            {column: getattr(one, column) for column in names.get(name, CHOSEN_SESSION.fieldNames())}
            for one in sorted(whole, key=place)
            if implausible or not one.is_implausible
        ][:number]
        for name, (place, _, implausible) in asked.items()
    }
    log = Growth(before, frame(spark, touched_by(history, GAP), SESSIONS.schema), keep)
    for name, (place, length, implausible) in asked.items():
        is_ranked = (lambda _: True) if implausible else (lambda one: not one["is_implausible"])
        found = log.longest_of_run(name, number, length, is_ranked)
        expected = of_run(history, number, place, implausible)
        columns = names.get(name, CHOSEN_SESSION.fieldNames())
        assert (found and rows_of(found)) == (
            expected and [{one: vars(row)[one] for one in columns} for row in expected]
        )


def test_another_number_than_was_chosen_is_not_told(spark: SparkSession, keep: Keep) -> None:
    before = {BY_THIRTY: chosen(listens(0, 60), GAPS[BY_THIRTY], 2)}
    log = Growth(before, frame(spark, [], SESSIONS.schema), keep)
    cut = CutLog(frame(spark, [], SESSIONS.schema), frame(spark, [], LISTENS.schema), GAP)
    for number in (1, 3):
        assert log.longest(BY_THIRTY, GAPS[BY_THIRTY], cut, number) is None
        assert log.longest_of_run(BY_THIRTY, number, tracks) is None


def test_too_many_touched_sessions_are_not_looked_at(
    spark: SparkSession, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MOST_ROWS", 1)
    history = listens(0, 1, 60), listens(2, 61)
    for name in (BY_TEN, BY_THIRTY):
        assert grown(spark, history, name, 1, keep) is None


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sessions, or listens, were joined, each time."""
    found: list[int] = []

    def spy_on(real: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
        def joined(intervals: DataFrame, *more: Any) -> DataFrame:
            found.append(intervals.count())
            return real(intervals, *more)

        return joined

    monkeypatch.setattr(growth, "joined", spy_on(growth.joined))
    monkeypatch.setattr(other_gaps, "joined", spy_on(other_gaps.joined))
    return found


def test_only_sessions_near_new_listens_are_read(spark: SparkSession, keep: Keep, looked_at: list[int]) -> None:
    days = [1440 * day for day in range(100)]
    # Three a day in one session, the first two close to each other; on the last day one more, of one.
    there = listens(*(day + minute for day in days for minute in (0, 5, 25)), days[-1] + 200)
    new = listens(days[-1] + 30)
    assert grown(spark, (there, new), BY_TEN, 1, keep) is not None
    assert grown(spark, (there, new), BY_THIRTY, 1, keep) is not None
    # First the four listens of the session that has grown: the other one has too few tracks. Then the nine sessions of
    # the days around it, and that session once more.
    assert looked_at == [4, 10]


def test_days_are_added_until_all_sessions_end(
    spark: SparkSession, keep: Keep, looked_at: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "DAYS_AROUND", 1)
    there, new = listens(*range(0, 7200, 25)), listens(7200)
    found = grown(spark, (there, new), BY_THIRTY, 1, keep)
    assert found == in_micros(longest(there + new, GAPS[BY_THIRTY], 1))
    # Those of a day before the new listen, of two, of four, of eight, which are all; and that listen.
    assert looked_at == [116, 173, 288, 290]
