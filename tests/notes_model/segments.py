"""Sessions by what is known of their users: country, device, subscription."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from tests.notes_model.exact import milliseconds, ratio
from tests.notes_model.sessions import Session

FEWEST_USERS = 5
OTHER = "other"


def segment_rows(sessions: list[Session], attribute: str) -> list[dict[str, object]]:
    """Return a row for each segment by name, over the whole log. `unknown` is a segment like any.

    A session without a duration counts as 0 in the mean.
    """
    by_segment: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        by_segment[getattr(session, attribute)].append(session)
    merged = merge_small(by_segment)
    return [{"segment": name, **_counts(merged[name])} for name in sorted(merged)]


def merge_small(by_segment: dict[str, list[Session]]) -> dict[str, list[Session]]:
    """Put segments of fewer than 5 users into `other`, and the next smallest ones until it has 5 or all are in it."""
    left = sorted(by_segment, key=lambda name: (_users(by_segment[name]), name))
    merged: list[Session] = []
    while left and (_users(by_segment[left[0]]) < FEWEST_USERS or 0 < _users(merged) < FEWEST_USERS):
        merged += by_segment[left.pop(0)]
    return {name: by_segment[name] for name in left} | ({OTHER: merged} if merged else {})


def _users(sessions: list[Session]) -> int:
    return len({session.user_id for session in sessions})


def _counts(sessions: list[Session]) -> dict[str, object]:
    lasted = sum((session.duration or timedelta() for session in sessions), timedelta())
    return {
        "users": _users(sessions),
        "sessions": len(sessions),
        "mean_duration_seconds": ratio(Fraction(milliseconds(lasted), 1000), len(sessions)),
        "bounce_rate": ratio(sum(session.is_bounced for session in sessions), len(sessions)),
    }


def mean_durations(sessions: list[Session]) -> tuple[float | None, float | None]:
    """Return the mean seconds of all sessions, and of those of two and more interactions."""
    several = [session for session in sessions if not session.is_bounced]
    return _counts(sessions)["mean_duration_seconds"], _counts(several)["mean_duration_seconds"]
