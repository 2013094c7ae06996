"""What the visitors of a block do, before it has an order or a time: how many events of each type, and their carts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import shape
from include.sample_data.shop.shape import drawn


@dataclass(frozen=True)
class Adds:
    """What is put into carts, by visit: the visit, its place there, and how many are added and taken out again."""

    visit: np.ndarray
    place: np.ndarray
    quantity: np.ndarray
    removed: np.ndarray


@dataclass(frozen=True)
class Plans:
    """A row for each visit: its kind, and numbers of events. `first_pages`: a visit that begins with a page has one."""

    kind: np.ndarray
    first_pages: np.ndarray
    pages: np.ndarray
    searches: np.ndarray
    views: np.ndarray
    adds: np.ndarray
    logins: np.ndarray
    logouts: np.ndarray
    carts: Adds

    @property
    def checkouts(self) -> np.ndarray:
        """Does the visit go through the checkout?"""
        return (self.kind == shape.CHECKOUT).astype(np.int64)

    @property
    def purchases(self) -> np.ndarray:
        """Does the visit end in a purchase?"""
        return np.isin(self.kind, shape.BUYING).astype(np.int64)


def plan(rng: np.random.Generator, events: int) -> Plans:
    """Plan visits of so many events in all."""
    visits = max(1, round(events / shape.EVENTS_A_VISIT))
    kind = drawn(rng, visits, shape.KIND_SHARES)
    stays = kind != shape.BOUNCE
    adds = np.where(np.isin(kind, shape.WITH_CART), 1 + drawn(rng, visits, shape.ADDS), 0)
    views = adds + (kind == shape.ONE_CLICK_VIEW) + rng.poisson(shape.MORE_VIEWS, visits)
    searches = rng.poisson(shape.SEARCHES, visits)
    logins = stays & (rng.random(visits) < shape.LOGINS)
    logouts = logins & (rng.random(visits) < shape.LOGOUTS_OF_LOGINS)
    sees_pages = ~stays | (rng.random(visits) >= shape.WITHOUT_PAGES) | (views + searches + logins == 0)
    pages = np.where(stays & sees_pages, rng.poisson(shape.MORE_PAGES, visits), 0)
    plans = Plans(
        kind,
        sees_pages.astype(np.int64),
        pages,
        np.where(stays, searches, 0),
        np.where(stays, views, 0),
        adds,
        logins.astype(np.int64),
        logouts.astype(np.int64),
        _carts(rng, kind, adds),
    )
    _fit_pages(rng, plans, events)
    return plans


def _carts(rng: np.random.Generator, kind: np.ndarray, adds: np.ndarray) -> Adds:
    """Draw how many of each product are added and removed; of a cart that is bought, one of its first product stays."""
    visit, place = numbered(adds)
    quantity = 1 + drawn(rng, len(visit), shape.QUANTITIES)
    stays = (place == 0) & np.isin(kind, shape.BUYING)[visit]
    most = quantity - stays
    some = 1 + (rng.random(len(visit)) * most).astype(np.int64)
    removed = np.where(rng.random(len(visit)) < shape.WHOLE_REMOVALS, most, np.minimum(some, most))
    return Adds(visit, place, quantity, np.where(rng.random(len(visit)) < shape.REMOVALS, removed, 0))


def _fit_pages(rng: np.random.Generator, plans: Plans, events: int) -> None:
    """Add or take page views, one a visit at a time, until there are so many events."""
    rest = events - events_of(plans)
    while rest:
        step = 1 if rest > 0 else -1
        able = np.flatnonzero((plans.kind != shape.BOUNCE) & (plans.first_pages > 0) & (plans.pages + step >= 0))
        if not len(able):
            raise ValueError(f"found {events} events, allowed are enough for some visits: 1,000 or more")
        plans.pages[rng.choice(able, min(abs(rest), len(able)), replace=False)] += step
        rest = events - events_of(plans)


def events_of(plans: Plans) -> int:
    """Count the events of all visits."""
    per_visit = (
        plans.first_pages + plans.pages + plans.searches + plans.views + plans.adds + plans.logins + plans.logouts
    )
    return int((per_visit + plans.checkouts + plans.purchases).sum() + np.count_nonzero(plans.carts.removed))


def numbered(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which row each of the counted belongs to, and its place there.

    >>> [part.tolist() for part in numbered(np.array([2, 0, 1]))]
    [[0, 0, 2], [0, 1, 0]]
    """
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
