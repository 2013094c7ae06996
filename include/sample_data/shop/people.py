"""The users of a shop: their tiers, how active they are, and their records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import texts
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.records import Line
from include.sample_data.shop.shape import (
    DAY,
    EARLIER_TIERS,
    EVERY_UNKNOWN_USER,
    TIER_RATES,
    TIER_SHARES,
    TIERS_CHANGED_IN_THE_LOG,
    drawn,
)
from spark_jobs.logs.shop.contract import TIERS

_COUNTRIES = (b"DE", b"FR", b"NL", b"ES", b"PL", b"SE", b"GB", b"US", b"JP", b"BR")
_COUNTRY_SHARES = (0.3, 0.15, 0.1, 0.1, 0.08, 0.05, 0.08, 0.08, 0.03, 0.03)
_DOMAINS = (b"example.com", b"example.org", b"mail.example", b"B\xc3\xbccher.example")
_USER_IDS = 1
# A tenth of users has no country, a fifth no e-mail.
_WITHOUT_COUNTRY, _WITHOUT_EMAIL = 0.1, 0.2


@dataclass(frozen=True)
class People:
    """The users of a block: ids, the tier each has at the end of the log, and how often each comes (relatively)."""

    first: int
    ids: list[bytes]
    tier: np.ndarray
    activity: np.ndarray

    @property
    def is_known(self) -> np.ndarray:
        """Has the user a record?"""
        numbers = self.first + np.arange(len(self.ids))
        return numbers % EVERY_UNKNOWN_USER != EVERY_UNKNOWN_USER - 1

    def is_known_at(self, place: int) -> bool:
        """Has the user at this place a record?"""
        return (self.first + place) % EVERY_UNKNOWN_USER != EVERY_UNKNOWN_USER - 1


def people(seed: int, first: int, number: int) -> People:
    """Make the users of these numbers; a user depends on the seed and the first number of its block alone."""
    rng = np.random.Generator(np.random.PCG64([seed, _USER_IDS, first]))
    tier = drawn(rng, number, tuple(TIER_SHARES.values()))
    one_persons = 0.25 + 1.5 * rng.random(number)
    activity = np.array(list(TIER_RATES.values()))[tier] * one_persons
    return People(first, texts.numbered_ids(seed, _USER_IDS, first + np.arange(number)), tier, activity)


def user_records(rng: np.random.Generator, users: People, calendar: Calendar) -> list[Line]:
    """Write each known user's records, one for each tier that the user had, with the time at which it arrives.

    A fifth had another tier before the log begins; a few change theirs within it.
    """
    number = len(users.ids)
    since = calendar.start - rng.integers(60 * DAY, 900 * DAY, number)
    kind = rng.random(number)
    changes = kind < EARLIER_TIERS + TIERS_CHANGED_IN_THE_LOG
    in_the_log = kind < TIERS_CHANGED_IN_THE_LOG
    changed_at = np.where(
        in_the_log,
        calendar.start + (rng.random(number) * (calendar.end - calendar.start)).astype(np.int64),
        calendar.start - rng.integers(1 * DAY, 50 * DAY, number),
    )
    # From bronze they came down, from all others up: most members rise.
    before = np.where(users.tier == 0, 1, users.tier - 1)
    details = _details(rng, users)
    at_first, at_last = texts.times(since), texts.times(changed_at)
    arrival = changed_at.tolist()
    lines: list[Line] = []
    for at in np.flatnonzero(users.is_known).tolist():
        earlier = before[at] if changes[at] else users.tier[at]
        lines.append(Line(calendar.start, _record(users.ids[at], earlier, at_first[at], details[at])))
        if changes[at]:
            lines.append(Line(arrival[at], _record(users.ids[at], users.tier[at], at_last[at], details[at])))
    return lines


def _details(rng: np.random.Generator, users: People) -> list[bytes]:
    number = len(users.ids)
    country = drawn(rng, number, _COUNTRY_SHARES).tolist()
    domain = rng.integers(0, len(_DOMAINS), number).tolist()
    lacks_country, lacks_email = rng.random(number) < _WITHOUT_COUNTRY, rng.random(number) < _WITHOUT_EMAIL
    return [
        (b"" if lacks_country[at] else b',"country":"%b"' % _COUNTRIES[country[at]])
        + (b"" if lacks_email[at] else b',"email":"user.%d@%b"' % (users.first + at, _DOMAINS[domain[at]]))
        for at in range(number)
    ]


def _record(user_id: bytes, tier: int, since: bytes, details: bytes) -> bytes:
    return b'{"user_id":"%b","tier":"%b","valid_from":"%b"%b}\n' % (user_id, TIERS[tier].encode(), since, details)
