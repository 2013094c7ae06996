"""Hypothesis strategies for small shop logs that crowd around the rules' boundaries: rows by kind.

Few users, products, ids and instants, so that things collide. `shop_lines.py` writes the rows as lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.shop_model.orders import in_order
from tests.shop_model.rows import DEVICES, STATUSES, TIERS, TYPES, Event, Item, Product, Transaction, User

RUN_DATE = date(2024, 5, 10)
END = datetime(2024, 5, 11, tzinfo=UTC)  # of the run date
LAST_PLAUSIBLE = END + timedelta(days=1, microseconds=-1)
MICROSECOND, WEEK, GAP = timedelta(microseconds=1), timedelta(days=7), timedelta(minutes=30)

# First events: the earliest and the last window still open at the end of the run date, midnights, after the run date.
STARTS = [
    END - 2 * WEEK - timedelta(minutes=15),
    END - WEEK - MICROSECOND,
    END - WEEK,
    END - timedelta(days=1),
    END - GAP,
    END,
]
# From an event to the next: one instant, engaged or not, one session or two, within the window or past it.
PAUSES = [
    timedelta(0),
    timedelta(0),
    MICROSECOND,
    timedelta(seconds=10),
    timedelta(seconds=10) + MICROSECOND,
    GAP,
    GAP + MICROSECOND,
    WEEK - GAP,
    WEEK,
    WEEK + MICROSECOND,
]
AMOUNTS = [Decimal(text) for text in ("0", "0.01", "5", "9.99", "10.00", "9999999999.99")]
FUNNEL = ["PAGE_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", "CHECKOUT_START", "PURCHASE"]
CART = ["ADD_TO_CART", "REMOVE_FROM_CART"]
QUERIES, BROWSERS = ["shoes", " Shoes", "schöne \U0001f45f"], ["Firefox", "Chrome"]
ADDRESSES = ["192.0.2.1", "2001:db8::1", "2001:DB8::1"]


@dataclass
class ShopLog:
    """The accepted rows of a log, in no particular order; of one kind no two are equal."""

    events: list[Event] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)

    def __add__(self, other: ShopLog) -> ShopLog:
        return ShopLog(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


def identifier(kind: str, number: int, shop: int = 0) -> str:
    """Return the id of a user, product, transaction, event or client session; no two shops share one."""
    return f"{shop:08x}-0000-4000-8000-{'uptes'.index(kind[0]):04x}{number:08x}"


@st.composite
def shop_logs(draw: st.DrawFn, shops: int = 1) -> ShopLog:
    """A few users of as many separate shops as asked for: many little shops cost one run of Spark."""
    log = ShopLog()
    for shop in range(shops):
        log += draw(_shop(shop))
    return log


@st.composite
def _shop(draw: st.DrawFn, shop: int) -> ShopLog:
    events = [event for user in range(draw(st.integers(0, 4))) for event in draw(_events(identifier("u", user, shop)))]
    moments = sorted({event.occurred_at for event in events}) or [END]
    transactions = draw(st.lists(_transactions(shop, moments), max_size=6))
    # The rules do not say which of two counts that are equal in these and differ in the rest.
    transactions = {(one.transaction_id, one.occurred_at, one.status, one.total): one for one in transactions}
    valid_from = st.sampled_from([*moments, *(one - MICROSECOND for one in moments), END - 3 * WEEK, END])
    users = draw(st.lists(_users(shop, valid_from), max_size=6, unique=True))
    products = draw(st.lists(_products(shop, valid_from), max_size=4, unique=True))
    return ShopLog(draw(st.permutations(events)), list(transactions.values()), users, products)


@st.composite
def _events(draw: st.DrawFn, user_id: str) -> list[Event]:
    """One user's events: any types, or the funnel with gaps, some of it at one instant, up to the last plausible."""
    funnel = st.lists(st.sampled_from(FUNNEL), max_size=8).map(lambda types: sorted(types, key=FUNNEL.index))
    types = draw(st.lists(st.sampled_from(TYPES), max_size=8) | funnel | st.just(FUNNEL) | st.just(FUNNEL * 2))
    pauses = draw(st.sampled_from([PAUSES, PAUSES[:5], PAUSES[:3]]))
    moment, events = draw(st.sampled_from(STARTS)), []
    for event_type in types:
        events.append(draw(_event(user_id, event_type, min(moment, LAST_PLAUSIBLE))))
        moment += draw(st.sampled_from(pauses))
    return sorted(set(events), key=in_order)


@st.composite
def _event(draw: st.DrawFn, user_id: str, event_type: str, moment: datetime) -> Event:
    """An event with what its type requires, and at times with what it does not."""
    shop = int(user_id[:8], 16)

    def given(value: st.SearchStrategy[object], *types: str) -> object:
        return draw(value if event_type in types else st.none() | value)

    rarely = st.integers(0, 3).map(lambda number: number == 0)
    has_more = draw(rarely)
    return Event(
        event_id=draw(_ids("event", 6, shop)),
        event_type=event_type,
        occurred_at=moment,
        user_id=user_id,
        device_type=draw(st.sampled_from(DEVICES)),
        page_url="/home" if event_type == "PAGE_VIEW" else None,
        product_id=given(_ids("product", 3, shop), "PRODUCT_VIEW", *CART) if has_more or event_type in NEED else None,
        quantity=draw(st.sampled_from([1, 2, 3, 1000])) if event_type in CART else None,
        search_query=draw(st.sampled_from(QUERIES)) if event_type == "SEARCH" else None,
        transaction_id=draw(_ids("transaction", 4, shop)) if event_type == "PURCHASE" else None,
        client_session_id=given(_ids("session", 3, shop)) if has_more else None,
        browser=given(st.sampled_from(BROWSERS)) if has_more else None,
        ip_address=given(st.sampled_from(ADDRESSES)) if has_more else None,
    )


NEED = ("PRODUCT_VIEW", *CART)


def _ids(kind: str, number: int, shop: int) -> st.SearchStrategy[str]:
    return st.integers(0, number - 1).map(lambda one: identifier(kind, one, shop))


@st.composite
def _transactions(draw: st.DrawFn, shop: int, moments: list[datetime]) -> Transaction:
    """A transaction at the time of an event or at the end of a day, often one of several of its id."""
    items = draw(st.lists(_items(shop), min_size=1, max_size=3))
    goods = sum(one.quantity * one.unit_price for one in items)
    off, shipping, tax = (draw(st.sampled_from([Decimal(0), Decimal("0.01"), Decimal(5)])) for _ in range(3))
    due = goods - off + shipping + tax
    fits = 0 <= due < 10**10
    return Transaction(
        transaction_id=draw(_ids("transaction", 5, shop)),
        user_id=draw(_ids("user", 4, shop)),
        occurred_at=draw(st.sampled_from([*moments[:2], END - MICROSECOND])),
        status=draw(st.sampled_from(STATUSES)),
        payment_method="card",
        currency="EUR",
        items=tuple(items),
        total=draw(st.sampled_from([due, due, Decimal("1.10")])) if fits else Decimal("1.10"),
        discount=off,
        shipping=shipping,
        tax=tax,
    )


def _items(shop: int) -> st.SearchStrategy[Item]:
    return st.builds(Item, _ids("product", 4, shop), st.sampled_from([1, 2, 1000]), st.sampled_from(AMOUNTS))


def _users(shop: int, valid_from: st.SearchStrategy[datetime]) -> st.SearchStrategy[User]:
    """The tiers of three users: of the fourth nothing is known."""
    country, email = st.sampled_from([None, "DE"]), st.sampled_from([None, "a@example.org", "A@example.org "])
    return st.builds(User, _ids("user", 3, shop), st.sampled_from(TIERS), valid_from, country, email)


def _products(shop: int, valid_from: st.SearchStrategy[datetime]) -> st.SearchStrategy[Product]:
    """Three products: the fourth, which transactions hold, is unknown."""
    name = st.sampled_from(["Shoe", "Schuh"])
    return st.builds(Product, _ids("product", 3, shop), name, st.just("shoes"), st.sampled_from(AMOUNTS), valid_from)
