"""Every answer of the jobs is the model's, value by value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given, settings
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.engagement.answers import Rows, answers_of
from spark_jobs.logs.notes.tables import INTERACTIONS, USERS
from spark_jobs.shared.scratch import scratch
from tests.frames import frame_of
from tests.notes_frames import SESSIONS, rows_of
from tests.notes_logs import RUN_DATE, NotesLog, notes_logs
from tests.notes_model import answers, sessions_of


@settings(max_examples=2)
@given(log=notes_logs(teams=20))
def test_answers_are_those_of_the_model(spark: SparkSession, log: NotesLog) -> None:
    expected = answers(log.interactions, log.users, RUN_DATE)
    with scratch() as keep:
        for table, found in answers_of(frames(spark, log), RUN_DATE, keep).items():
            names = table.schema.fieldNames()
            their = sorted(
                (tuple(row[name] for name in names) for row in expected[table.name]),
                key=lambda row: [(value is not None, value) for value in row],
            )
            assert rows_of(table, found) == [tuple(map(near, row)) for row in their]


def near(value: object) -> object:
    """A value, to which a number is equal that differs by rounding alone."""
    return pytest.approx(value, rel=1e-12, abs=1e-9) if isinstance(value, float) else value


def frames(spark: SparkSession, log: NotesLog) -> Rows:
    """The frames of a log, and of the sessions that the model cuts it into."""
    cut = [
        (
            f"{one.user_id}-{one.started_at.isoformat()}",
            one.user_id,
            one.started_at,
            one.ended_at,
            None if one.duration is None else one.duration.total_seconds(),
            len(one.run),
            one.active.total_seconds(),
        )
        for one in sessions_of(log.interactions, log.users)
    ]
    return Rows(
        _frame(spark, log.interactions, INTERACTIONS.schema),
        _frame(spark, log.users, USERS.schema),
        frame_of(spark, cut, SESSIONS),
    )


def _frame(spark: SparkSession, rows: Iterable[Any], schema: Any) -> DataFrame:
    return frame_of(spark, map(astuple, rows), schema)
