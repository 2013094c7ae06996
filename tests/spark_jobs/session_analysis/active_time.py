"""Sessions with active time in plain Python, from the rules' text, and logs that try each of its edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import strategies as st
from pyspark.sql import DataFrame

from spark_jobs.logs.notes.contract import ACTIONS, NOTES
from spark_jobs.shared.log_tables import sessions_table

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
GAP = timedelta(minutes=30)
MINUTE, DAY = 60_000, 86_400_000
# Around the gap, past a midnight, and as long as an interaction can last.
STEPS = [0, 1, MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, 8 * 60 * MINUTE, DAY, 3 * DAY]
DURATIONS = [None, 0, 1, MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 8 * 60 * MINUTE, DAY]


class Interaction(NamedTuple):
    """One row of the table of interactions."""

    user_id: str
    occurred_at: datetime
    action_type: str
    page_id: str
    duration_ms: int | None
    load_ms: int | None = None
    app_version: str = "1.10.2"


Session = tuple[Any, ...]


def interaction(minute: float, duration_ms: int | None, page: str = "p", action: str = "edit") -> Interaction:
    return Interaction("u", START + timedelta(minutes=minute), action, page, duration_ms)


def sessions_of(interactions: Iterable[Interaction]) -> list[Session]:
    """Return the rows of the table of sessions, in the order of users and starts."""
    by_user: dict[str, list[Interaction]] = defaultdict(list)
    for one in sorted(interactions, key=_place):
        by_user[one.user_id].append(one)
    return [_session(run) for user in sorted(by_user) for run in _runs(_with_ends(by_user[user]))]


def _place(one: Interaction) -> tuple[Any, ...]:
    """Order equal times by the action as listed, then the page, then all values, empty ones first."""
    lasts = -1 if one.duration_ms is None else one.duration_ms
    return one.user_id, one.occurred_at, ACTIONS.index(one.action_type), one.page_id, lasts


def _with_ends(own: list[Interaction]) -> list[tuple[Interaction, datetime]]:
    """Give each of a user's interactions in order its end: where the next one starts, at the latest."""
    ends = [one.occurred_at + timedelta(milliseconds=one.duration_ms or 0) for one in own]
    cut = [min(end, later.occurred_at) for end, later in zip(ends, own[1:], strict=False)]
    return list(zip(own, [*cut, ends[-1]], strict=True))


def _runs(own: list[tuple[Interaction, datetime]]) -> list[list[tuple[Interaction, datetime]]]:
    runs = [own[:1]]
    for (before, _), after in pairwise(own):
        if after[0].occurred_at - before.occurred_at > GAP:
            runs.append([])
        runs[-1].append(after)
    return runs


def _session(run: list[tuple[Interaction, datetime]]) -> Session:
    rows = [one for one, _ in run]
    first, last, end = rows[0], rows[-1], max(end for _, end in run)
    active = sum((end - one.occurred_at for one, end in run), timedelta(0))
    is_known = len(rows) > 1 or first.duration_ms is not None
    return (
        f"{first.user_id}-{first.occurred_at:%Y%m%dT%H%M%SZ}",
        first.user_id,
        first.occurred_at,
        end,
        (end - first.occurred_at).total_seconds() if is_known else None,
        len(rows),
        len({one.page_id for one in rows}),
        *(sum(one.action_type == action for one in rows) for action in ACTIONS),
        active.total_seconds(),
        last.occurred_at,
    )


def rows_of(sessions: DataFrame) -> list[Session]:
    """The rows in the order of users and starts, times in UTC."""
    found = sessions.select(*sessions_table(NOTES).schema.fieldNames()).collect()
    return sorted((tuple(map(_in_utc, row)) for row in found), key=lambda row: row[1:3])


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
