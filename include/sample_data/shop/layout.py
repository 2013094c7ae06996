"""The events of visits in the order in which a visitor makes them, and what visits buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import shape
from include.sample_data.shop.plans import Plans, numbered
from include.sample_data.shop.shape import drawn

_NO_PRODUCT = -1
# A type, and for each of its events the visit, the place within the visit, the product and the quantity.
_Part = tuple[int, np.ndarray, np.ndarray, np.ndarray | int, np.ndarray | int]


@dataclass(frozen=True)
class Events:
    """The events of visits, visit by visit, in order: types are places in `EVENT_TYPES`, times microseconds.

    `product` is a place in the catalogue, or below 0.
    """

    visit: np.ndarray
    type: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    time: np.ndarray


@dataclass(frozen=True)
class Items:
    """What visits buy: a row for each product of each purchase, ordered by visit."""

    visit: np.ndarray
    product: np.ndarray
    quantity: np.ndarray


@dataclass(frozen=True)
class _Views:
    """The product views of all visits, and where each visit's begin."""

    visit: np.ndarray
    place: np.ndarray
    product: np.ndarray
    first: np.ndarray


def lay_out(rng: np.random.Generator, plans: Plans, popularity: np.ndarray) -> tuple[Events, Items]:
    """Lay the events of all visits in order; times are still 0. `popularity` adds up over the catalogue.

    A place is a number that grows along a visit. Views are at 1, 2, 3, ...; a product goes into the cart soon after its
    view and may go out at any time before the end; pages and searches are anywhere.
    """
    visit, place = numbered(plans.views)
    product = np.searchsorted(popularity, rng.random(len(visit)) * popularity[-1], side="right")
    first = np.cumsum(plans.views) - plans.views
    views = _Views(visit, place, np.minimum(product, len(popularity) - 1), first)
    viewed_as = _viewed_as(plans)
    in_cart = views.product[first[plans.carts.visit] + viewed_as]
    parts = [
        *_framing(plans),
        *_scattered(rng, plans),
        (shape.PRODUCT_VIEW, visit, place + 1.0, views.product, 0),
        *_of_carts(rng, plans, viewed_as, in_cart),
    ]
    return _ordered(parts), _items(rng, plans, in_cart, views)


def _viewed_as(plans: Plans) -> np.ndarray:
    """Spread the products of each cart over the views of its visit; the last one viewed is among them."""
    visit = plans.carts.visit
    return (plans.carts.place + 1) * plans.views[visit] // plans.adds[visit] - 1


def _framing(plans: Plans) -> list[_Part]:
    """What begins a visit and what ends it."""
    parts: list[_Part] = []
    for type_code, counts, place in (
        (shape.LOGIN, plans.logins, 0.1),
        (shape.PAGE_VIEW, plans.first_pages, 0.5),
        (shape.CHECKOUT_START, plans.checkouts, 2.0),
        (shape.PURCHASE, plans.purchases, 3.0),
        (shape.LOGOUT, plans.logouts, 4.0),
    ):
        visit, _ = numbered(counts)
        after = plans.views[visit] if place > 1 else 0
        parts.append((type_code, visit, np.zeros(len(visit)) + place + after, _NO_PRODUCT, 0))
    return parts


def _scattered(rng: np.random.Generator, plans: Plans) -> list[_Part]:
    """Pages and searches anywhere after the first page."""
    parts: list[_Part] = []
    for type_code, counts in ((shape.PAGE_VIEW, plans.pages), (shape.SEARCH, plans.searches)):
        visit, _ = numbered(counts)
        place = 0.6 + rng.random(len(visit)) * (plans.views[visit] + 0.9)
        parts.append((type_code, visit, place, _NO_PRODUCT, 0))
    return parts


def _of_carts(rng: np.random.Generator, plans: Plans, viewed_as: np.ndarray, product: np.ndarray) -> list[_Part]:
    carts = plans.carts
    number = len(carts.visit)
    added = viewed_as + 1 + 0.3 * rng.random(number)
    until = plans.views[carts.visit] + 1.6
    removed = added + (0.02 + 0.98 * rng.random(number)) * (until - added)
    out = np.flatnonzero(carts.removed)
    return [
        (shape.ADD_TO_CART, carts.visit, added, product, carts.quantity),
        (shape.REMOVE_FROM_CART, carts.visit[out], removed[out], product[out], carts.removed[out]),
    ]


def _ordered(parts: list[_Part]) -> Events:
    """Put the events of all types in order."""
    sizes = [len(visit) for _, visit, *_ in parts]
    types = np.repeat([part[0] for part in parts], sizes)
    visit, place = (np.concatenate([part[side] for part in parts]) for side in (1, 2))
    product, quantity = (
        np.concatenate([np.broadcast_to(part[side], size) for part, size in zip(parts, sizes, strict=True)])
        for side in (3, 4)
    )
    order = np.lexsort((place, visit))
    return Events(visit[order], types[order], product[order], quantity[order], np.zeros(len(order), np.int64))


def _items(rng: np.random.Generator, plans: Plans, in_cart: np.ndarray, views: _Views) -> Items:
    """List what is bought: what is left of a cart, or some of the product that was viewed last."""
    carts = plans.carts
    left = carts.quantity - carts.removed
    of_carts = np.flatnonzero((left > 0) & (plans.purchases[carts.visit] > 0))
    at_once = np.flatnonzero(plans.kind == shape.ONE_CLICK_VIEW)
    visit = np.concatenate([carts.visit[of_carts], at_once])
    last_viewed = views.product[views.first[at_once] + plans.views[at_once] - 1]
    product = np.concatenate([in_cart[of_carts], last_viewed])
    quantity = np.concatenate([left[of_carts], 1 + drawn(rng, len(at_once), shape.QUANTITIES)])
    order = np.argsort(visit, kind="stable")
    return Items(visit[order], product[order], quantity[order])
