"""The products of a shop: names, prices, how popular each is, and their records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import texts
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.records import Line
from include.sample_data.shop.shape import (
    DAY,
    EVENTS_A_PRODUCT,
    EVERY_UNKNOWN_PRODUCT,
    FEWEST_PRODUCTS,
    MOST_PRODUCTS,
    PRICES_CHANGED_IN_THE_LOG,
)

_PRODUCT_IDS = 2
# A category, and what is sold in it.
_CATEGORIES = {
    "Shoes": ("Trail Runner", "Chelsea Boot", "Canvas Sneaker", "Sandal"),
    "Kitchen": ('Pan 12\\"', "Café Press", "Knife Set", "Salt & Pepper Mill"),
    "Garden": ("Hose 15 m", "Rose Scissors", "Planter", "Überwurf"),
    "Books": ("Notebook", "Atlas", "雨の庭", "Cookbook"),
    "Electronics": ("USB-C Cable", "Headphones", "Desk Lamp", "Keyboard"),
    "Toys": ("Wooden Train", "Puzzle 1,000", "Кубики", "Kite"),
}
_COLOURS = ("Black", "White", "Red", "Blue", "Green", "Sand", "Grey", "Olive")
_KINDS = [(category, name) for category, names in _CATEGORIES.items() for name in names]
_ENDINGS = np.array([99, 49, 95, 0])


@dataclass(frozen=True)
class Catalogue:
    """The products, most popular first: ids, prices in cents before and from a time on.

    `popularity` adds up, by Zipf's law: the product at place n is chosen 1/n as often as the first.
    """

    ids: list[bytes]
    price: np.ndarray
    later_price: np.ndarray
    changes_at: np.ndarray
    popularity: np.ndarray

    @property
    def is_known(self) -> np.ndarray:
        """Has the product a record?"""
        return np.arange(len(self.ids)) % EVERY_UNKNOWN_PRODUCT != EVERY_UNKNOWN_PRODUCT - 1

    def price_at(self, products: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return what each of these products costs at its time, in cents."""
        is_later = times >= self.changes_at[products]
        return np.where(is_later, self.later_price[products], self.price[products])


def products_in(events: int) -> int:
    """How many products a shop with so many events has."""
    return min(MOST_PRODUCTS, max(FEWEST_PRODUCTS, events // EVENTS_A_PRODUCT))


def catalogue(seed: int, number: int, calendar: Calendar) -> Catalogue:
    """Make so many products; some change their price within the log, the others never."""
    rng = np.random.Generator(np.random.PCG64([seed, _PRODUCT_IDS]))
    chance = rng.random(number)
    price = (2 + 180 * chance * chance * chance).astype(np.int64) * 100 + _ENDINGS[rng.integers(0, 4, number)]
    changes = rng.random(number) < PRICES_CHANGED_IN_THE_LOG
    changes_at = calendar.start + (rng.random(number) * (calendar.end - calendar.start)).astype(np.int64)
    return Catalogue(
        texts.numbered_ids(seed, _PRODUCT_IDS, np.arange(number)),
        price,
        price * rng.integers(80, 115, number) // 100,
        # Never: after all that the log has.
        np.where(changes, changes_at, calendar.end + 400 * DAY),
        np.cumsum(1 / np.arange(1, number + 1)),
    )


def product_records(products: Catalogue, calendar: Calendar) -> list[Line]:
    """Write a record for each known product, and one for its change of price, with the times at which they arrive."""
    since = texts.times(calendar.start - (30 + np.arange(len(products.ids)) % 700) * DAY)
    changed = texts.times(products.changes_at)
    lines: list[Line] = []
    for at in np.flatnonzero(products.is_known).tolist():
        lines.append(Line(calendar.start, _record(products, at, int(products.price[at]), since[at])))
        if products.changes_at[at] < calendar.end:
            record = _record(products, at, int(products.later_price[at]), changed[at])
            lines.append(Line(int(products.changes_at[at]), record))
    return lines


def _record(products: Catalogue, at: int, price: int, since: bytes) -> bytes:
    category, name = _KINDS[at % len(_KINDS)]
    named = f"{name} {_COLOURS[at // len(_KINDS) % len(_COLOURS)]} {at + 1}".encode()
    row = (products.ids[at], named, category.encode(), texts.money(price), since)
    return b'{"product_id":"%b","name":"%b","category":"%b","price":%b,"valid_from":"%b"}\n' % row
