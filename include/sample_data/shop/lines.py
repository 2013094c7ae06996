"""The events of a block as lines, with what is odd in a few of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import shape, texts
from include.sample_data.shop.catalogue import Catalogue
from include.sample_data.shop.clients import clients
from include.sample_data.shop.orders import Orders
from include.sample_data.shop.people import People
from include.sample_data.shop.visits import Visits
from spark_jobs.logs.shop.contract import EVENT_TYPES

_LINE = b'{"event_id":"%b","event_type":"%b","occurred_at":"%b","user_id":"%b","device_type":"%b"%b%b}\n'
_TYPES = [name.encode() for name in EVENT_TYPES]
_PAGE, _PRODUCT, _QUERY = b',"page_url":"https://shop.example/%b"', b',"product_id":"%b"', b',"search_query":"%b"'
_LANDINGS = ("", "?utm_source=newsletter&utm_medium=email", "sale", "?gclid=Cj0KCQ", "new")
_SECTIONS = ("c/%b", "c/%b?page=2", "c/%b?sort=price#top", "brands/%b")
_CATEGORIES = ("shoes", "kitchen", "garden", "books", "electronics", "toys")
_MORE_PAGES = ("cart", "wishlist", "help/shipping", "help/returns#costs", "account/orders")
_QUERIES = (
    *("trail shoes", "red sneaker", "size 42", 'pan 12\\"', "desk lamp", "usb c cable", "kite", "gift", "überwurf"),
    *("chaussures rouges", "кубики", "雨の庭", "caf\\u00e9 press", "  Notebook ", "headphones", "puzzle 1000", "atlas"),
)  # fmt: skip
LANDING_FIELDS = [_PAGE % end.encode() for end in _LANDINGS]
PAGE_FIELDS = [
    *(_PAGE % section.replace("%b", name).encode() for name in _CATEGORIES for section in _SECTIONS),
    *(_PAGE % name.encode() for name in _MORE_PAGES),
]
QUERY_FIELDS = [_QUERY % text.encode() for text in _QUERIES]
# What is written in place of what the client says, or beside what an event should have.
ODD_CLIENTS = {
    "invalid_session_id": b',"session_id":"abc123"',
    "invalid_browser": b',"browser":"%b"' % (b"Mozilla/5.0 (X11; Linux x86_64) " * 3),
    "invalid_ip_address": b',"ip_address":"192.168.1.300"',
}
ODD_DETAILS = {
    "invalid_page_url": b',"page_url":7',
    "invalid_product_id": b',"product_id":"SKU-12"',
    "invalid_quantity": b',"quantity":"2"',
    "invalid_search_query": b',"search_query":["shoes"]',
    "invalid_transaction_id": b',"transaction_id":"none"',
    "unnamed_field": b',"experiment":"B"',
}


@dataclass(frozen=True)
class Written:
    """The lines of a block's events in its order, and for each warning which of them are counted for it."""

    lines: list[bytes]
    warnings: dict[str, np.ndarray]

    def count(self, copies: np.ndarray) -> Counter[str]:
        """Count each warning, in lines and so many copies of each."""
        return Counter({name: int(((1 + copies) * applies).sum()) for name, applies in self.warnings.items()})


def write_events(
    rng: np.random.Generator, visits: Visits, orders: Orders, users: People, products: Catalogue
) -> Written:
    """Write each event as a line; a few have an oddity that is warned of."""
    events = visits.events
    user, by_visit = visits.users[events.visit], events.visit.tolist()
    ids, reused = _event_ids(rng, events.visit)
    client = clients(rng, visits, len(users.ids))
    odd = _oddities(rng, events.type, client.shares_session[events.visit])
    details = _details(rng, visits, orders, products)
    fields = [client.fields[visit] for visit in by_visit]
    for name, applies in odd.items():
        for at in np.flatnonzero(applies).tolist():
            fields[at] = ODD_CLIENTS.get(name, fields[at])
            details[at] += ODD_DETAILS.get(name, b"")
    rows = zip(
        ids,
        [_TYPES[one] for one in events.type.tolist()],
        texts.times(events.time, client.zones[events.visit]),
        [users.ids[one] for one in user.tolist()],
        [client.devices[visit] for visit in by_visit],
        details,
        fields,
        strict=True,
    )
    warnings = {
        **odd,
        "reused_event_id": reused,
        "unknown_user": ~users.is_known[user],
        "unknown_product": (events.product >= 0) & ~products.is_known[np.maximum(events.product, 0)],
        "client_session_of_several_users": client.shares_session[events.visit],
        **_of_purchases(visits, orders),
    }
    return Written([_LINE % row for row in rows], warnings)


def _of_purchases(visits: Visits, orders: Orders) -> dict[str, np.ndarray]:
    """Return for each warning of a PURCHASE which events have it."""
    warned: dict[str, list[int]] = {"repeated_purchase": [], "purchase_without_transaction": []}
    for visit, name in orders.warning.items():
        warned[name].append(visit)
    is_purchase = visits.events.type == shape.PURCHASE
    return {name: is_purchase & np.isin(visits.events.visit, of_visits) for name, of_visits in warned.items()}


def _event_ids(rng: np.random.Generator, visit: np.ndarray) -> tuple[list[bytes], np.ndarray]:
    """Draw the ids; a few events have that of the event before them in their visit. Return which ids are used twice."""
    number = len(visit)
    repeats = (rng.random(number) < shape.REUSED_EVENT_IDS) & (np.diff(visit, prepend=-1) == 0)
    # Every other event at most, so that an id is used by two.
    repeats[::2] = False
    ids = texts.drawn_ids(rng, number)
    for at in np.flatnonzero(repeats).tolist():
        ids[at] = ids[at - 1]
    return ids, repeats | np.append(repeats[1:], False)


def _oddities(rng: np.random.Generator, types: np.ndarray, shares_session: np.ndarray) -> dict[str, np.ndarray]:
    """Draw which events have which oddity: one at most, and none of the client where its session counts."""
    chance, bare = rng.random(len(types)), np.isin(types, shape.BARE_TYPES)
    odd, before = {}, 0.0
    for name, share in shape.WARNED.items():
        applies = (chance >= before) & (chance < before + share)
        if name in shape.WARNED_ON_BARE_TYPES:
            applies &= bare
        odd[name] = applies & ~shares_session if name in ODD_CLIENTS else applies
        before += share
    return odd


def _details(rng: np.random.Generator, visits: Visits, orders: Orders, products: Catalogue) -> list[bytes]:
    """Write for each event the fields that its type needs."""
    events = visits.events
    details = [b""] * len(events.type)
    chance = rng.random(len(events.type))
    opens = np.diff(events.visit, prepend=-1) > 0
    for type_code, fields, of_type in (
        (shape.PAGE_VIEW, LANDING_FIELDS, opens),
        (shape.PAGE_VIEW, PAGE_FIELDS, ~opens),
        (shape.SEARCH, QUERY_FIELDS, True),
    ):
        for at in np.flatnonzero((events.type == type_code) & of_type).tolist():
            details[at] = fields[int(chance[at] * len(fields))]
    product_fields = [_PRODUCT % one for one in products.ids]
    product, quantity = events.product.tolist(), events.quantity.tolist()
    for at in np.flatnonzero(events.product >= 0).tolist():
        details[at] = product_fields[product[at]]
        if quantity[at]:
            details[at] += b',"quantity":%d' % quantity[at]
    for at in np.flatnonzero(events.type == shape.PURCHASE).tolist():
        details[at] = b',"transaction_id":"%b"' % orders.named[int(events.visit[at])]
    return details
