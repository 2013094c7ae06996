"""Visits to the shop, each at its time: each is one session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import shape
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.layout import Events, Items, lay_out
from include.sample_data.shop.plans import Plans, plan


@dataclass(frozen=True)
class Visits:
    """The visits of a block, and their events. `users`: places in the block's users. `ends`: of their last events."""

    users: np.ndarray
    plans: Plans
    ends: np.ndarray
    events: Events
    items: Items


def make_visits(
    rng: np.random.Generator, events: int, activity: np.ndarray, popularity: np.ndarray, calendar: Calendar
) -> Visits:
    """Make visits with so many events of users who come as often as `activity` says, relative to each other.

    `popularity` adds up: of each product and all before it.
    """
    plans = plan(rng, events)
    # Not sum(), which may add up in another order on another machine.
    activities = np.cumsum(activity)
    users = np.searchsorted(activities, rng.random(len(plans.kind)) * activities[-1], side="right")
    users = np.minimum(users, len(activity) - 1)
    laid_out, items = lay_out(rng, plans, popularity)
    pauses = _pauses(rng, laid_out)
    first = np.flatnonzero(np.diff(laid_out.visit, prepend=-1))
    lasted = np.add.reduceat(pauses, first)
    starts = _apart(calendar.drawn(rng, plans.purchases > 0), lasted, users, _latest(rng, calendar, len(users)))
    since_start = np.cumsum(pauses)
    time = starts[laid_out.visit] + since_start - since_start[first][laid_out.visit]
    timed = Events(laid_out.visit, laid_out.type, laid_out.product, laid_out.quantity, time)
    return Visits(users, plans, starts + lasted, timed, items)


def _pauses(rng: np.random.Generator, events: Events) -> np.ndarray:
    """Draw the pause before each event, 0 before the first of a visit; none is longer than the gap of sessions.

    Events are at one instant only where the order of types is their own, so that no reader can mistake it.
    """
    number = len(events.visit)
    chance, kind = rng.random(number), rng.random(number)
    third = chance * chance * chance
    pauses = shape.SHORTEST_PAUSE + (shape.USUAL_PAUSES * chance + shape.SLOW_PAUSES * third * third).astype(np.int64)
    long = (20 * shape.MINUTE + 10 * shape.MINUTE * chance).astype(np.int64)
    bounds = np.cumsum([shape.LONG_PAUSES, shape.PAUSES_OF_THE_GAP, shape.TIES])
    pauses = np.where(kind < bounds[0], long, pauses)
    pauses = np.where((kind >= bounds[0]) & (kind < bounds[1]), shape.SESSION_GAP, pauses)
    rises = np.diff(events.type, prepend=0) > 0
    pauses = np.where((kind >= bounds[1]) & (kind < bounds[2]) & rises, 0, pauses)
    return np.where(np.diff(events.visit, prepend=-1) > 0, 0, pauses)


def _latest(rng: np.random.Generator, calendar: Calendar, visits: int) -> np.ndarray:
    """Draw when each visit has ended at the latest, all within the last hour of the log."""
    return calendar.end - 1 - rng.integers(0, shape.HOUR, visits)


def _apart(starts: np.ndarray, lasted: np.ndarray, users: np.ndarray, latest: np.ndarray) -> np.ndarray:
    """Move visits back until the pause to the same user's next one is longer than the gap; return their starts.

    A visit ends as it would, or so long before the next one as that and all between them take: a minimum that runs
    from the last visit to the first. Users are set apart by more than all visits can last.
    """
    ends = np.minimum(starts + lasted, latest)
    order = np.lexsort((ends, users))
    takes = (lasted + shape.SESSION_GAP + 1)[order]
    after = np.cumsum(takes[::-1])[::-1] - takes
    base = int(ends.min())
    far = int(ends.max()) - base + int(takes.sum()) + 1
    bound = ends[order] - base + after + users[order] * far
    soonest = np.minimum.accumulate(bound[::-1])[::-1] - after - users[order] * far + base
    result = np.empty_like(starts)
    result[order] = soonest - lasted[order]
    return result
