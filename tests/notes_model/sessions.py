"""A user's interactions in order, how long each was active, and the sessions they make."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.notes_model.rows import ACTIONS, Interaction, User, by_column

GAP = timedelta(minutes=30)
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Timed:
    """An interaction with its active time: its duration, cut where the user's next interaction starts."""

    row: Interaction
    active: timedelta

    @property
    def end(self) -> datetime:
        return self.row.occurred_at + self.active


@dataclass(frozen=True)
class Session:
    """A session with its interactions in order. The rules name no form of `session_id`: it is its user and start."""

    run: list[Timed]
    user: User | None

    @property
    def user_id(self) -> str:
        return self.run[0].row.user_id

    @property
    def started_at(self) -> datetime:
        return self.run[0].row.occurred_at

    @property
    def ended_at(self) -> datetime:
        return max(one.end for one in self.run)

    @property
    def duration(self) -> timedelta | None:
        """None only of one interaction with an empty duration."""
        is_unknown = len(self.run) == 1 and self.run[0].row.duration_ms is None
        return None if is_unknown else self.ended_at - self.started_at

    @property
    def active(self) -> timedelta:
        return sum((one.active for one in self.run), timedelta())

    @property
    def action_counts(self) -> Counter[str]:
        return Counter(one.row.action_type for one in self.run)

    @property
    def distinct_pages(self) -> int:
        return len({one.row.page_id for one in self.run})

    @property
    def is_bounced(self) -> bool:
        return len(self.run) == 1

    @property
    def country(self) -> str:
        return self.user.country if self.user else UNKNOWN

    @property
    def device_type(self) -> str:
        return self.user.device_type if self.user else UNKNOWN

    @property
    def subscription_type(self) -> str:
        return self.user.subscription_type if self.user else UNKNOWN


def in_order(one: Interaction) -> tuple[object, ...]:
    """Return the key that orders a user's interactions: the time, the action as listed, the page, all values."""
    return (one.occurred_at, ACTIONS.index(one.action_type), one.page_id, by_column(one))


def timed(interactions: Iterable[Interaction]) -> list[Timed]:
    """Return all interactions by user and in order, with their active times; those of other sessions cut, too."""
    by_user: dict[str, list[Interaction]] = defaultdict(list)
    for one in sorted(interactions, key=in_order):
        by_user[one.user_id].append(one)
    found = []
    for _, own in sorted(by_user.items()):
        for one, after in zip(own, [*own[1:], None], strict=True):
            lasted = timedelta(milliseconds=one.duration_ms or 0)
            found.append(Timed(one, min(lasted, after.occurred_at - one.occurred_at) if after else lasted))
    return found


def sessions_of(interactions: Iterable[Interaction], users: Iterable[User]) -> list[Session]:
    """Return all sessions by user and start, those after the run date too: more than the gap from start to start."""
    known = {user.user_id: user for user in users}
    runs: list[list[Timed]] = []
    for one in timed(interactions):
        before = runs[-1][-1].row if runs else None
        if not before or before.user_id != one.row.user_id or one.row.occurred_at - before.occurred_at > GAP:
            runs.append([])
        runs[-1].append(one)
    return [Session(run, known.get(run[0].row.user_id)) for run in runs]


def session_rows(sessions: Iterable[Session]) -> list[dict[str, object]]:
    """Return the rows of the table of sessions, without their id."""
    return [
        {
            "user_id": one.user_id,
            "started_at": one.started_at,
            "ended_at": one.ended_at,
            "duration_seconds": None if one.duration is None else one.duration.total_seconds(),
            "interaction_count": len(one.run),
            "distinct_page_count": one.distinct_pages,
            **{f"{action}_count": one.action_counts[action] for action in ACTIONS},
            "active_seconds": one.active.total_seconds(),
        }
        for one in sessions
    ]
