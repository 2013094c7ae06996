"""Sessions of events that last: what the model of the notes log expects, and logs that come in parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.log_tables import events_table, sessions_table
from tests.frames import frame_of
from tests.notes_model.rows import ACTIONS, Interaction
from tests.notes_model.sessions import session_rows, sessions_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
GAP = timedelta(minutes=30)
MINUTE, DAY = 60_000, 86_400_000
# Around the gap, past a midnight, and as long as an interaction can last.
STEPS = [0, 1, MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, 8 * 60 * MINUTE, DAY, 3 * DAY]
DURATIONS = [None, 0, 1, MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 8 * 60 * MINUTE, DAY]
COLUMNS = sessions_table(NOTES).schema.fieldNames()
Row = dict[str, Any]


def interaction(minute: float, duration_ms: int | None, page: str = "p", action: str = "edit") -> Interaction:
    return Interaction("u", START + timedelta(minutes=minute), action, page, duration_ms)


def frame(spark: SparkSession, interactions: Iterable[Interaction]) -> DataFrame:
    return frame_of(spark, map(astuple, interactions), events_table(NOTES).schema)


def expected(interactions: Iterable[Interaction]) -> list[Row]:
    """The rows of the table of sessions, by user and start."""
    sessions = sessions_of(interactions, [])
    return [
        {
            **row,
            "session_id": f"{one.user_id}-{one.started_at:%Y%m%dT%H%M%SZ}",
            "last_event_at": one.run[-1].row.occurred_at,
        }
        for one, row in zip(sessions, session_rows(sessions), strict=True)
    ]


def rows_of(sessions: DataFrame) -> list[Row]:
    """The rows of a frame of sessions, by user and start, times in UTC."""
    found = [{name: _in_utc(row[name]) for name in COLUMNS} for row in sessions.collect()]
    return sorted(found, key=lambda row: (row["user_id"], row["started_at"]))


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@st.composite
def histories(draw: st.DrawFn, parts: int) -> list[list[Interaction]]:
    """A log in parts that come one after another, each before, between or after what there was."""
    arrived: list[list[Interaction]] = [[] for _ in range(parts)]
    for user in draw(st.lists(st.sampled_from("uvw"), min_size=1, unique=True)):
        moment, seen = START, set()
        for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=20)):
            moment += timedelta(milliseconds=step)
            action, page = draw(st.sampled_from(ACTIONS)), draw(st.sampled_from("pq"))
            one = Interaction(user, moment, action, page, draw(st.sampled_from(DURATIONS)))
            if one not in seen:
                seen.add(one)
                arrived[draw(st.integers(0, parts - 1))].append(one)
    return arrived
