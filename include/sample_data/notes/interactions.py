"""What the interactions of visits are: actions, pages, durations, load times and versions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.notes import shape
from include.sample_data.notes.calendar import Calendar
from include.sample_data.notes.people import People
from include.sample_data.notes.shape import DAY, drawn
from include.sample_data.notes.visits import Visits, interaction_times

PAGE_VIEW = 0
NONE = -1
_VERSION_NAMES = tuple(shape.VERSIONS)
_RELEASES, _BASES = (np.array([one[side] for one in shape.VERSIONS.values()]) for side in (0, 1))


@dataclass(frozen=True)
class Interactions:
    """The interactions of a block by user and in order. An absent number of milliseconds is below 0.

    `user`, `visit`, `page` and `version` are places; `active`: how long each is active, cut where the next starts.
    """

    user: np.ndarray
    visit: np.ndarray
    time: np.ndarray
    action: np.ndarray
    page: np.ndarray
    duration: np.ndarray
    load: np.ndarray
    version: np.ndarray

    @property
    def active(self) -> np.ndarray:
        """Return for how many milliseconds each interaction is active."""
        until_next = np.append(np.diff(self.time), 0)
        is_last = np.append(np.diff(self.user) != 0, True)
        lasted = np.maximum(self.duration, 0)
        return np.where(is_last, lasted, np.minimum(lasted, until_next))


def make_interactions(
    rng: np.random.Generator, visits: Visits, users: People, popularity: np.ndarray, calendar: Calendar
) -> Interactions:
    """Fill visits with interactions; `popularity` adds up over the pages."""
    visit = visits.of_interaction
    user, number = visits.user[visit], len(visit)
    action = drawn(rng, number, shape.ACTION_SHARES)
    time = interaction_times(rng, visits, np.diff(action, prepend=0) > 0)
    page = np.searchsorted(popularity, rng.random(number) * popularity[-1], side="right")
    version = _versions(visits, users, calendar)[visit]
    return Interactions(
        user,
        visit,
        time,
        action,
        np.minimum(page, len(popularity) - 1),
        _durations(rng, action),
        _loads(rng, action, version, users.device_year[user], calendar.day_of(time) == calendar.slow_day),
        version,
    )


def _versions(visits: Visits, users: People, calendar: Calendar) -> np.ndarray:
    """Return the version of each visit: the latest that was out as long ago as its user lags behind."""
    releases = (_RELEASES * calendar.days).astype(np.int64)
    day = (visits.start - calendar.start) // DAY
    return np.maximum(np.searchsorted(releases, day - users.lag[visits.user], side="right") - 1, 0)


def _durations(rng: np.random.Generator, action: np.ndarray) -> np.ndarray:
    """Draw durations; some are empty, and a few are of a tab that stays open for hours."""
    number = len(action)
    chance, kind = rng.random(number), rng.random(number)
    third = chance * chance * chance
    lasts = (np.array(shape.USUAL_DURATIONS)[action] * (0.1 + chance + 8 * third * third)).astype(np.int64)
    open_tab = (chance * shape.LONGEST_TAB).astype(np.int64)
    lasts = np.where(kind < shape.OPEN_TABS, open_tab, lasts)
    return np.where(kind > 1 - shape.WITHOUT_DURATION, NONE, lasts)


def _loads(
    rng: np.random.Generator, action: np.ndarray, version: np.ndarray, year: np.ndarray, is_slow: np.ndarray
) -> np.ndarray:
    """Draw the load time of each page view: older devices and older versions are slower."""
    chance = rng.random(len(action))
    third = chance * chance * chance
    age = 1 + shape.SLOWER_A_YEAR * (shape.NEWEST_DEVICE - year)
    usual = _BASES[version] * age * (0.5 + 0.7 * chance + 6 * third * third * third)
    load = np.where(is_slow, shape.SLOWER * usual, usual).astype(np.int64)
    has_one = (action == PAGE_VIEW) & (rng.random(len(action)) >= shape.WITHOUT_LOAD)
    return np.where(has_one, load, NONE)


def version_names() -> list[bytes]:
    """Return the versions as they are written, in the order of their places."""
    return [name.encode() for name in _VERSION_NAMES]
