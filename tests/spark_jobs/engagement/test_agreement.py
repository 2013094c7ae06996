"""Every answer of the jobs is the model's, value by value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.engagement.answers import Rows, answers_of
from spark_jobs.logs.notes.tables import INTERACTIONS, USERS
from spark_jobs.shared.scratch import scratch
from tests.frames import frame_of
from tests.notes_frames import SESSIONS, rows_of
from tests.notes_model import Interaction, User, answers, sessions_of
from tests.notes_model.rows import ACTIONS, DEVICES, SUBSCRIPTIONS

RUN_DATE = date(2024, 3, 31)
MIDNIGHT = datetime.combine(RUN_DATE, time(), UTC)
VERSIONS = ("1.0.0", "1.2.0", "1.10.0")
# From the start of one interaction to that of the user's next: around the gap, and around days.
PAUSES = [
    timedelta(0),
    timedelta(milliseconds=1),
    timedelta(seconds=3),
    timedelta(minutes=30),
    timedelta(minutes=30, milliseconds=1),
    timedelta(hours=9),
    timedelta(days=1),
    timedelta(days=6),
    timedelta(days=7),
    timedelta(days=28),
]


def log_of(seed: int, users: int, interactions: int) -> tuple[list[Interaction], list[User]]:
    """A log of about so many rows, most of the times of which depend on one another."""
    random = Random(seed)
    known = [
        User(
            f"u{number:02}",
            RUN_DATE,
            random.choice(("AT", "DE", "FR")),
            random.choice(DEVICES),
            random.randint(2015, 2019),
            random.choice(SUBSCRIPTIONS),
        )
        for number in range(users)
        if random.random() < 0.9
    ]
    rows = set[Interaction]()
    for number in range(users):
        moment = MIDNIGHT - timedelta(days=random.randint(0, 200), milliseconds=random.randint(0, 1))
        for _ in range(random.randint(1, 2 * interactions // users)):
            if moment >= MIDNIGHT + timedelta(days=2):
                break
            rows.add(interaction(random, f"u{number:02}", moment))
            moment += random.choice(PAUSES)
    return sorted(rows, key=lambda row: (row.user_id, row.occurred_at)), known


def interaction(random: Random, user: str, moment: datetime) -> Interaction:
    action = random.choice(ACTIONS) if random.random() < 0.3 else "page_view"
    load = random.choice((None, 0, 1, 7, 100, 600_000)) if action == "page_view" else None
    duration = random.choice((None, 0, 1, 2999, 3000, 3001, 1_800_000, 1_800_001, 86_400_000))
    return Interaction(user, moment, action, random.choice("abc"), duration, load, random.choice(VERSIONS))


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32), users=st.sampled_from([1, 12, 40, 120]), interactions=st.sampled_from([300, 900]))
def test_answers_are_those_of_the_model(spark: SparkSession, seed: int, users: int, interactions: int) -> None:
    rows, known = log_of(seed, users, interactions)
    expected = answers(rows, known, RUN_DATE)
    with scratch() as keep:
        for table, found in answers_of(frames(spark, rows, known), RUN_DATE, keep).items():
            names = table.schema.fieldNames()
            their = sorted(
                (tuple(row[name] for name in names) for row in expected[table.name]),
                key=lambda row: [(value is not None, value) for value in row],
            )
            assert rows_of(table, found) == [tuple(map(near, row)) for row in their]


def near(value: object) -> object:
    """A value, to which a number is equal that differs by rounding alone."""
    return pytest.approx(value, rel=1e-12, abs=1e-9) if isinstance(value, float) else value


def frames(spark: SparkSession, interactions: list[Interaction], users: list[User]) -> Rows:
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
        for one in sessions_of(interactions, users)
    ]
    return Rows(
        _frame(spark, interactions, INTERACTIONS.schema),
        _frame(spark, users, USERS.schema),
        frame_of(spark, cut, SESSIONS),
    )


def _frame(spark: SparkSession, rows: Iterable[Any], schema: Any) -> DataFrame:
    return frame_of(spark, map(astuple, rows), schema)
