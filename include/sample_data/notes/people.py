"""The users of a log: how often each comes, from when to when, with what device, and their records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.notes import shape, texts
from include.sample_data.notes.calendar import Calendar
from include.sample_data.notes.shape import DAY, drawn
from spark_jobs.logs.notes.contract import USERS

_COUNTRIES = (b"DE", b"FR", b"NL", b"US", b"PL", b"JP", b"BR", b"IS")
_COUNTRY_SHARES = (0.3, 0.18, 0.12, 0.2, 0.1, 0.06, 0.035, 0.005)
_DEVICES, _DEVICE_SHARES = USERS.values_of("device_type"), (0.45, 0.15, 0.40)
_SUBSCRIPTIONS, _SUBSCRIPTION_SHARES = USERS.values_of("subscription_type"), (0.7, 0.2, 0.1)
_MOST_DAYS_BEFORE = 900


@dataclass(frozen=True)
class People:
    """The users of a block. Days are numbered as in the calendar; that of joining may be before the log, below 0.

    `first_day` and `last_day`: when each may come. `lag`: how many days after its release each gets a version.
    """

    numbers: np.ndarray
    ids: list[bytes]
    first_day: np.ndarray
    last_day: np.ndarray
    join_day: np.ndarray
    offset: np.ndarray
    lag: np.ndarray
    device_year: np.ndarray

    @property
    def is_known(self) -> np.ndarray:
        """Has the user a record?"""
        return _all_but(self.numbers, shape.EVERY_UNKNOWN_USER)

    @property
    def is_contradicted(self) -> np.ndarray:
        """Has the user a second record, which says otherwise?"""
        return self.is_known & ~_all_but(self.numbers, shape.EVERY_CONFLICT)


def _all_but(numbers: np.ndarray, every: int) -> np.ndarray:
    """Return which numbers are not every so many'th."""
    return numbers % every != every - 1


def activity(numbers: np.ndarray) -> np.ndarray:
    """Return how often the numbered users come, relative to each other."""
    return 1 / (numbers + 1.0 + shape.FLATTENED)


def people(rng: np.random.Generator, seed: int, numbers: np.ndarray, calendar: Calendar) -> People:
    """Make the users of these numbers. Some come from the log's first day on, the others join while it runs."""
    number, days = len(numbers), calendar.days
    was_there = rng.random(number) < shape.THERE_BEFORE
    latest = max(1, days - 2)
    first = np.where(was_there, 0, rng.integers(0, latest, number))
    stays = np.where(rng.random(number) < shape.LEAVES, rng.integers(2, days + 3, number), days)
    # Two days at least: one of them may be the quiet one.
    last = np.minimum(first + np.maximum(stays, 2), days) - 1
    before = np.where(was_there, rng.integers(1, _MOST_DAYS_BEFORE, number), rng.integers(0, 4, number))
    joins_late = ~_all_but(numbers, shape.EVERY_LATE_JOIN)
    join = np.where(joins_late, np.minimum(first + rng.integers(1, 6, number), days - 1), first - before)
    return People(
        numbers=numbers,
        ids=texts.user_ids(seed, numbers),
        first_day=first,
        last_day=last,
        join_day=np.maximum(join, calendar.earliest),
        offset=rng.integers(0, shape.SLOT, number),
        lag=rng.integers(0, shape.MOST_DAYS_BEHIND + 1, number),
        device_year=rng.integers(shape.OLDEST_DEVICE, shape.NEWEST_DEVICE + 1, number),
    )


@dataclass(frozen=True)
class Records:
    """Records as lines with their ends, when each arrives, and how many of them only contradict another."""

    lines: list[bytes]
    at: np.ndarray
    contradictions: int


def user_records(rng: np.random.Generator, users: People, calendar: Calendar) -> Records:
    """Write the record of each known user; a few have a second one, of another device and a later date."""
    number = len(users.ids)
    places = (
        drawn(rng, number, _COUNTRY_SHARES),
        drawn(rng, number, _DEVICE_SHARES),
        drawn(rng, number, _SUBSCRIPTION_SHARES),
    )
    countries, devices, subscriptions = (place.tolist() for place in places)
    known, again = np.flatnonzero(users.is_known), np.flatnonzero(users.is_contradicted)
    which = np.concatenate([known, again])
    is_second = np.arange(len(which)) >= len(known)
    # On the day of joining or the day after, but not after the log.
    days = np.minimum(users.join_day[which] + is_second, calendar.days - 1)
    years = np.minimum(users.device_year[which] + is_second, shape.NEWEST_DEVICE)
    lines = [
        b"%b,%b,%b,%b,%d,%b\n"
        % (
            users.ids[user],
            str(calendar.date_of(day)).encode(),
            _COUNTRIES[countries[user]],
            _DEVICES[(devices[user] + second) % len(_DEVICES)].encode(),
            year,
            _SUBSCRIPTIONS[subscriptions[user]].encode(),
        )
        for user, second, day, year in zip(
            which.tolist(), is_second.tolist(), days.tolist(), years.tolist(), strict=True
        )
    ]
    return Records(lines, calendar.start + np.maximum(days, 0) * DAY, len(again))
