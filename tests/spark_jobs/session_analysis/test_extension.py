from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.session_analysis.extension import (
    near_sessions,
    replaced_sessions,
    touched_intervals,
    touched_sessions,
)
from tests import model
from tests.frames import frame_of
from tests.logs import START

GAP = timedelta(minutes=20)
# Around the gap, and past a midnight or several.
STEPS = [0, 1, 599, 1199, 1200, 1201, 5000, 90_000]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[model.Listen], list[model.Listen]]:
    """A log in two parts: what was there, and what came, before, between or after it."""
    parts: tuple[list[model.Listen], list[model.Listen]] = ([], [])
    for user in draw(st.lists(st.sampled_from("uvwx"), min_size=1, unique=True)):
        moment = START
        for number, step in enumerate(draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=25))):
            moment += timedelta(seconds=step)
            song = f"song {draw(st.integers(0, 3)) if step else number}"
            parts[draw(st.booleans())].append(model.Listen(user, moment, None, "a", None, song))
    return parts


def listens(*minutes: int) -> list[model.Listen]:
    return [model.Listen("u", START + timedelta(minutes=minute), None, "a", None, f"{minute}") for minute in minutes]


@given(histories())
@example((listens(0, 30), listens(15)))  # joins two sessions
@example((listens(0, 30), listens(60)))  # opens one
@example((listens(10), listens(0, 20)))  # begins before, and ends after
@example((listens(0, 15, 30), listens(7)))  # lies within
@example(([], listens(0)))
@example((listens(0), []))
def test_growing_sessions_match_the_whole_log(
    spark: SparkSession, history: tuple[list[model.Listen], list[model.Listen]]
) -> None:
    there, came = history
    sessions, new, everything = (
        frame_of(spark, [astuple(row) for row in rows], schema)
        for rows, schema in (
            (model.sessions_of(there, GAP), SESSIONS.schema),
            (came, LISTENS.schema),
            (there + came, LISTENS.schema),
        )
    )
    intervals = touched_intervals(near_sessions(sessions, new, LISTENING, GAP), new, LISTENING, GAP)
    touched = touched_sessions(intervals, everything, new, LISTENING, GAP)
    untouched = sessions.join(replaced_sessions(intervals, LISTENING), on=["user_id", "started_at"], how="left_anti")
    expected = [astuple(session) for session in model.sessions_of(there + came, GAP)]
    found = untouched.select(*SESSIONS.schema.fieldNames()).unionByName(touched).collect()
    assert sorted(_in_utc(tuple(row)) for row in found) == sorted(expected)


def _in_utc(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in row)
