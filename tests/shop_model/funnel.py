"""The funnel by session and by user, by trying every start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

from tests.shop_model.orders import in_order, that_count
from tests.shop_model.rows import DEVICES, TIERS, Event, Transaction, User
from tests.shop_model.sessions import Session, buys, tier_at

STEPS = ("PAGE_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", "CHECKOUT_START", "PURCHASE")
WINDOW = timedelta(seconds=604_800)
SEGMENTS = [
    ("all", "all"),
    *(("tier", tier) for tier in (*TIERS, "unknown")),
    *(("device", device) for device in DEVICES),
]


@dataclass(frozen=True)
class Path:
    """The PAGE_VIEW that counts as a start, and the time of each step reached, that one first."""

    start: Event
    times: tuple[datetime, ...]


def chain(start: Event, events: Iterable[Event], orders: dict[str, Transaction]) -> Path:
    """Follow the steps from a PAGE_VIEW: each is the first such event at or after the step before."""
    times = [start.occurred_at]
    for step in STEPS[1:]:
        later = [
            event.occurred_at
            for event in events
            if event.event_type == step
            and event.occurred_at >= times[-1]
            and (step != "PURCHASE" or buys(event, orders))
        ]
        if not later:
            break
        times.append(min(later))
    return Path(start, tuple(times))


def session_path(session: Session, orders: dict[str, Transaction]) -> Path | None:
    """Return the path from a session's first PAGE_VIEW, None without one."""
    starts = [event for event in session.run if event.event_type == "PAGE_VIEW"]
    return chain(starts[0], session.run, orders) if starts else None


def user_path(events: list[Event], orders: dict[str, Transaction]) -> Path | None:
    """Return a user's deepest path within the window of its start, of equally deep ones the earliest.

    Of page views at one instant, which may be of several devices, the first in the order of equal times is the start.
    """
    ordered = sorted(events, key=in_order)
    whole = [chain(start, ordered, orders) for start in ordered if start.event_type == "PAGE_VIEW"]
    paths = [
        Path(path.start, tuple(one for one in path.times if one - path.start.occurred_at <= WINDOW)) for path in whole
    ]
    # max keeps the first of equally deep ones.
    return max(paths, key=lambda path: len(path.times), default=None)


def funnel_paths(
    events: list[Event], sessions: list[Session], transactions: list[Transaction]
) -> dict[str, list[Path]]:
    """Return the paths by scope; sessions and users without a PAGE_VIEW have none."""
    orders = that_count(transactions)
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_user[event.user_id].append(event)
    paths = {
        "session": [session_path(session, orders) for session in sessions],
        "user": [user_path(own, orders) for own in by_user.values()],
    }
    return {scope: [path for path in found if path is not None] for scope, found in paths.items()}


def funnel_rows(paths: dict[str, list[Path]], users: list[User]) -> list[dict[str, object]]:
    """Return the rows of the funnel: five of each known tier and device, also of those that nobody started in.

    A path's tier and device are those of its start. Step 1 has no median, and of nobody its rate from itself is null.
    """
    rows = []
    for scope in ("session", "user"):
        for kind, segment in SEGMENTS:
            chosen = [path for path in paths[scope] if kind == "all" or _segment(path, kind, users) == segment]
            head = {"scope": scope, "segment_kind": kind, "segment": segment}
            rows += [{**head, **row} for row in _steps(chosen)]
    return rows


def _segment(path: Path, kind: str, users: list[User]) -> str:
    start = path.start
    return start.device_type if kind == "device" else tier_at(users, start.user_id, start.occurred_at)


def _steps(paths: list[Path]) -> list[dict[str, object]]:
    reached = [sum(len(path.times) > step for path in paths) for step in range(len(STEPS))]
    return [
        {
            "step": step + 1,
            "event_type": name,
            "reached": reached[step],
            "rate_from_previous": rate(reached[step], reached[step - 1]) if step else None,
            "rate_from_first": rate(reached[step], reached[0]),
            "median_seconds": _median_seconds(paths, step) if step else None,
        }
        for step, name in enumerate(STEPS)
    ]


def _median_seconds(paths: list[Path], step: int) -> float | None:
    took = [path.times[step] - path.times[step - 1] for path in paths if len(path.times) > step]
    if not took:
        return None
    return float(median(Fraction(one // timedelta(microseconds=1), 1_000_000) for one in took))


def rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def is_outside_order(purchase: Event, run: list[Event], orders: dict[str, Transaction]) -> bool:
    """Say whether steps 1 to 4 do not stand, in order, at or before a purchase in its session."""
    before = [event for event in run if event.occurred_at <= purchase.occurred_at]
    starts = [event for event in before if event.event_type == "PAGE_VIEW"]
    return not any(len(chain(start, before, orders).times) >= len(STEPS) - 1 for start in starts)
