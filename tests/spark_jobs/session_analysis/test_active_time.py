from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import example, given
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.contract import Implausible
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.session_analysis.extension import (
    near_sessions,
    replaced_sessions,
    touched_intervals,
    touched_sessions,
)
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.log_tables import sessions_table
from spark_jobs.shared.schemas import conform
from tests.frames import computed
from tests.notes_logs import NotesLog, notes_logs
from tests.notes_model.rows import Interaction
from tests.spark_jobs.session_analysis.active_time import (
    DAY,
    GAP,
    MINUTE,
    START,
    expected,
    frame,
    histories,
    interaction,
    rows_of,
)

SESSIONS = sessions_table(NOTES)


def cut(spark: SparkSession, rows: list[Interaction]) -> DataFrame:
    return conform(summarize_sessions(sessionize(frame(spark, rows), NOTES, GAP), NOTES), SESSIONS.schema)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def extended(spark: SparkSession, there: DataFrame, came: list[Interaction], everything: list[Interaction]) -> Any:
    """The sessions of all that is there once this came, and the intervals that it touched."""
    new = frame(spark, came)
    intervals = computed(touched_intervals(near_sessions(there, new, NOTES, GAP), new, NOTES, GAP))
    touched = touched_sessions(intervals, frame(spark, everything), new, NOTES, GAP)
    gone = replaced_sessions(intervals, NOTES)
    return there.join(gone, on=["user_id", "started_at"], how="left_anti").unionByName(touched), intervals


@pytest.mark.parametrize(
    ("rows", "ended", "active"),
    [
        pytest.param([interaction(0, MINUTE)], [1], [60.0], id="one ends when it has lasted"),
        pytest.param([interaction(0, 5 * MINUTE), interaction(2, 0)], [2], [120.0], id="cut at the next"),
        pytest.param([interaction(0, 9 * MINUTE), interaction(2, None)], [2], [120.0], id="cut at one of no duration"),
        pytest.param([interaction(0, DAY), interaction(60, MINUTE)], [60, 61], [3600.0, 60.0], id="at another session"),
        pytest.param(
            [interaction(0, 40 * MINUTE), interaction(31, 0)], [31, 31], [1860.0, 0.0], id="the pause is kept"
        ),
        pytest.param([interaction(0, None), interaction(3, None)], [3], [0.0], id="two without"),
        pytest.param(
            [interaction(0, MINUTE, action="share"), interaction(0, 2 * MINUTE, action="page_view")],
            [1],
            [60.0],
            id="of equal times the last listed action lasts",
        ),
        pytest.param(
            [interaction(0, 2 * MINUTE, "a"), interaction(0, MINUTE, "b")], [1], [60.0], id="then the last page"
        ),
        pytest.param([interaction(0, 2 * MINUTE), interaction(0, None)], [2], [120.0], id="then the longest"),
    ],
)
def test_active_time_ends_at_the_next_interaction(
    spark: SparkSession, rows: list[Interaction], ended: list[float], active: list[float]
) -> None:
    found = cut(spark, rows).orderBy("started_at").collect()
    assert [row.ended_at.astimezone(UTC) for row in found] == [minute(number) for number in ended]
    assert [row.active_seconds for row in found] == active


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        pytest.param([interaction(0, None)], None, id="one without"),
        pytest.param([interaction(0, 0)], 0.0, id="one of nothing"),
        pytest.param([interaction(0, None), interaction(0, None, "q")], 0.0, id="two without"),
        pytest.param([interaction(0, None), interaction(1, 1)], 60.001, id="a thousandth counts"),
    ],
)
def test_duration_is_null_for_one_of_no_duration(
    spark: SparkSession, rows: list[Interaction], seconds: float | None
) -> None:
    assert [row.duration_seconds for row in cut(spark, rows).collect()] == [seconds]


def test_unknown_duration_is_judged_as_none(spark: SparkSession) -> None:
    limits = replace(NOTES.sessions, implausible=Implausible(3, 1, timedelta(days=3)))
    log = replace(NOTES, sessions=limits)
    (row,) = summarize_sessions(sessionize(frame(spark, [interaction(0, None)]), log, GAP), log).collect()
    # One event in no time is as fast as one that lasts 0.
    assert (row.duration_seconds, row.is_implausible) == (None, True)


@given(notes_logs(teams=4))
def test_sessions_match_the_model(spark: SparkSession, log: NotesLog) -> None:
    assert rows_of(cut(spark, log.interactions)) == expected(log.interactions)


@given(histories(2))
@example([[interaction(0, DAY)], [interaction(600, 0)]])  # ends the one before
@example([[interaction(0, DAY), interaction(2 * 24 * 60, 0)], [interaction(600, DAY)]])  # ends it, and is longest
@example([[interaction(1200, 0)], [interaction(0, DAY)]])  # is ended by what was there, on another day
@example([[interaction(0, DAY), interaction(90, 0)], [interaction(15, 0)], [interaction(40, DAY)]])  # closes a pause
@example([[interaction(0, 0), interaction(30, DAY), interaction(100, 0)], [interaction(10, DAY)]])  # lies within
@example([[interaction(0, DAY)], [interaction(0, MINUTE, "q")], [interaction(31, 0)]])  # comes at the same time
@example([[interaction(0, MINUTE)], [interaction(0, DAY, "q")]])  # comes at the same time, and lasts longer
@example([[*map(interaction, range(0, 3000, 25), [DAY] * 120), interaction(3015, 0)], [interaction(5, 0)]])  # far ahead
def test_loads_one_after_another_match_one(spark: SparkSession, history: list[list[Interaction]]) -> None:
    there = cut(spark, history[0])
    for number in range(1, len(history)):
        everything = list(chain(*history[: number + 1]))
        there, _ = extended(spark, computed(there), history[number], everything)
    assert rows_of(there) == expected(chain(*history))


def test_session_that_is_only_cut_short_is_found(spark: SparkSession) -> None:
    before, came = [interaction(0, 0), interaction(10, DAY)], [interaction(70, MINUTE)]
    _, intervals = extended(spark, cut(spark, before), came, before + came)
    found = [
        (row.started_at.astimezone(UTC), row.is_shortened, row.replaced_events)
        for row in intervals.orderBy("started_at").collect()
    ]
    assert found == [(minute(0), True, 2), (minute(70), False, 0)]


def test_session_that_ended_before_is_left_alone(spark: SparkSession) -> None:
    before, came = [interaction(0, 0), interaction(10, MINUTE)], [interaction(70, MINUTE)]
    _, intervals = extended(spark, cut(spark, before), came, before + came)
    assert [row.is_shortened for row in intervals.collect()] == [False]
