"""Visits, each at its time: each is one session of one user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.notes import shape
from include.sample_data.notes.calendar import Calendar
from include.sample_data.notes.people import People
from include.sample_data.notes.shape import drawn


@dataclass(frozen=True)
class Visits:
    """The visits of a block by user and start, and how many interactions each has. `user`: a place in the block."""

    user: np.ndarray
    start: np.ndarray
    count: np.ndarray

    @property
    def of_interaction(self) -> np.ndarray:
        """Return for each interaction which visit it belongs to."""
        return np.repeat(np.arange(len(self.count)), self.count)


def make_visits(
    rng: np.random.Generator, interactions: int, rates: np.ndarray, users: People, calendar: Calendar
) -> Visits:
    """Make visits with so many interactions in all, of users who come as often as `rates` say.

    A user has at most one visit in each slot of a day: two that are drawn for the same slot are one longer visit. So
    however busy a user is, the pause between two visits is longer than the gap of sessions.
    """
    number = max(1, interactions // shape.INTERACTIONS_A_VISIT)
    # Not sum(), which may add up in another order on another machine.
    shares = np.cumsum(rates)
    user = np.minimum(np.searchsorted(shares, rng.random(number) * shares[-1], side="right"), len(rates) - 1)
    day = _days(rng, users, user, calendar)
    slot = drawn(rng, number, shape.HOURS)
    slot = np.where((slot == shape.SLOTS - 1) & calendar.is_closed_late[day], shape.SLOTS - 2, slot)
    cells, visit = np.unique((user * calendar.days + day) * shape.SLOTS + slot, return_inverse=True)
    count = np.zeros(len(cells), np.int64)
    np.add.at(count, visit, _counts(rng, number, interactions))
    count, cells = count[count > 0], cells[count > 0]
    cell_user, cell = np.divmod(cells, calendar.days * shape.SLOTS)
    return Visits(cell_user, calendar.start + cell * shape.SLOT + users.offset[cell_user], count)


def _days(rng: np.random.Generator, users: People, user: np.ndarray, calendar: Calendar) -> np.ndarray:
    """Draw the day of each visit between the user's first and last; users come more often soon after their first."""
    weights = np.concatenate([[0.0], np.cumsum(calendar.weights)])
    begins, ends = weights[users.first_day[user]], weights[users.last_day[user] + 1]
    chance = rng.random(len(user))
    soon = np.where(users.first_day[user] > 0, chance * chance, chance)
    day = np.searchsorted(weights, begins + soon * (ends - begins), side="right") - 1
    return np.minimum(day, users.last_day[user])


def _counts(rng: np.random.Generator, visits: int, interactions: int) -> np.ndarray:
    """Draw how many interactions each visit has; in all there are as many as asked for. Some visits may have none."""
    chance = rng.random(visits)
    counts = np.where(rng.random(visits) < shape.BOUNCES, 1, 2 + (18 * chance * chance).astype(np.int64))
    # What is too much goes from the last visits, what is missing is spread over all.
    counts = np.diff(np.minimum(np.cumsum(counts), interactions), prepend=0)
    rest = interactions - int(counts.sum())
    return counts + rest // visits + (np.arange(visits) < rest % visits)


def interaction_times(rng: np.random.Generator, visits: Visits, rises: np.ndarray) -> np.ndarray:
    """Return the time of each interaction, visit by visit; `rises`: its action comes after that of the one before.

    Interactions are at one instant only where the order of actions is their own, so that no reader can mistake it.
    """
    visit = visits.of_interaction
    first = np.cumsum(visits.count) - visits.count
    pauses = _pauses(rng, visit, rises)
    length = np.add.reduceat(pauses, first)
    # A long visit is as much faster as it must be. A tie stays one, and another pause is no tie.
    too_long = np.maximum(length, shape.LONGEST_VISIT)[visit]
    scaled = np.where(pauses > 0, np.maximum(1, pauses * shape.LONGEST_VISIT // too_long), 0)
    takes = np.add.reduceat(scaled, first)
    room = np.maximum(shape.LONGEST_VISIT - takes, 0)
    start = visits.start + (rng.random(len(room)) * room).astype(np.int64)
    since = np.cumsum(scaled)
    return start[visit] + since - since[first][visit]


def _pauses(rng: np.random.Generator, visit: np.ndarray, rises: np.ndarray) -> np.ndarray:
    """Draw the pause before each interaction, 0 before the first of a visit; none is longer than the gap."""
    chance, kind = rng.random(len(visit)), rng.random(len(visit))
    third = chance * chance * chance
    pauses = shape.SHORTEST_PAUSE + (shape.USUAL_PAUSE * chance + shape.LONG_PAUSE * third * third * third).astype(
        np.int64
    )
    pauses = np.where(kind < shape.PAUSES_OF_THE_GAP, shape.GAP, pauses)
    pauses = np.where((kind > 1 - shape.TIES) & rises, 0, pauses)
    return np.where(np.diff(visit, prepend=-1) > 0, 0, pauses)
