"""What a generated shop looks like, in numbers: shares, rates and lengths. Everything random follows these."""

from __future__ import annotations

import numpy as np

from spark_jobs.logs.shop.contract import EVENT_TYPES, TIERS

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
SESSION_GAP = 30 * MINUTE

# Of 100 events.
TYPE_SHARES = {
    "PAGE_VIEW": 35,
    "PRODUCT_VIEW": 25,
    "SEARCH": 15,
    "ADD_TO_CART": 10,
    "PURCHASE": 5,
    "REMOVE_FROM_CART": 4,
    "CHECKOUT_START": 3,
    "LOGIN": 2,
    "LOGOUT": 1,
}
PAGE_VIEW, PRODUCT_VIEW, SEARCH, ADD_TO_CART, REMOVE_FROM_CART, CHECKOUT_START, PURCHASE, LOGIN, LOGOUT = range(
    len(EVENT_TYPES)
)

# --- Visits: each becomes one session.
EVENTS_A_VISIT = 8
# One page and gone; looks around; leaves a cart; buys by the checkout; buys the cart, or what it views, in one click.
BOUNCE, BROWSE, ABANDON, CHECKOUT, ONE_CLICK_CART, ONE_CLICK_VIEW = range(6)
KIND_SHARES = (0.25, 0.20, 0.15, 0.24, 0.08, 0.08)
BUYING = (CHECKOUT, ONE_CLICK_CART, ONE_CLICK_VIEW)
WITH_CART = (ABANDON, CHECKOUT, ONE_CLICK_CART)
# How many products go into a cart, and how many of each: the shares of 1, 2, 3 and 4.
ADDS, QUANTITIES = (0.52, 0.30, 0.14, 0.04), (0.65, 0.22, 0.09, 0.04)
# Visits that come from a link in an app or a mail, and see no page.
WITHOUT_PAGES = 0.05
WHOLE_REMOVALS = 0.7

# What is left is chosen so that the types have their shares.
_EACH = {name: EVENTS_A_VISIT * share / 100 for name, share in TYPE_SHARES.items()}
_STAYS = 1 - KIND_SHARES[BOUNCE]
_MEAN_ADDS = sum(share * adds for adds, share in enumerate(ADDS, start=1))
_CARTS, _BOUGHT = sum(KIND_SHARES[kind] for kind in WITH_CART), KIND_SHARES[CHECKOUT] + KIND_SHARES[ONE_CLICK_CART]
MORE_VIEWS = (_EACH["PRODUCT_VIEW"] - _CARTS * _MEAN_ADDS - KIND_SHARES[ONE_CLICK_VIEW]) / _STAYS
MORE_PAGES = (_EACH["PAGE_VIEW"] - KIND_SHARES[BOUNCE]) / (_STAYS * (1 - WITHOUT_PAGES)) - 1
SEARCHES = _EACH["SEARCH"] / _STAYS
LOGINS, LOGOUTS_OF_LOGINS = _EACH["LOGIN"] / _STAYS, _EACH["LOGOUT"] / _EACH["LOGIN"]
# A cart that is bought keeps one of its first product.
REMOVALS = _EACH["REMOVE_FROM_CART"] / (_CARTS * _MEAN_ADDS - _BOUGHT * QUANTITIES[0])

# --- Pauses within a visit, in shares of its events: none, of exactly the gap, and of 20 to 30 minutes.
TIES, PAUSES_OF_THE_GAP, LONG_PAUSES = 0.005, 0.0005, 0.004
# Half of the pauses are of less than 25 seconds, one in ten is of two minutes and more.
SHORTEST_PAUSE, USUAL_PAUSES, SLOW_PAUSES = 1_500_000, 40 * SECOND, 300 * SECOND
WEEKEND = 1.3
# How many visits begin in each hour of the day (UTC).
HOURS = (3, 2, 1, 1, 1, 2, 4, 6, 7, 8, 9, 9, 10, 9, 8, 8, 8, 9, 10, 12, 13, 12, 9, 5)
OFFSETS_IN_MINUTES, OFFSET_SHARES = (0, 60, -300, 330), (0.95, 0.03, 0.01, 0.01)

# --- Users and products.
TIER_SHARES = dict(zip(TIERS, (0.60, 0.25, 0.12, 0.03), strict=True))
TIER_RATES = dict(zip(TIERS, (1.0, 1.3, 1.6, 1.9), strict=True))
EARLIER_TIERS, TIERS_CHANGED_IN_THE_LOG = 0.20, 0.06
EVENTS_A_USER, EVENTS_A_PRODUCT = 80, 400
FEWEST_PRODUCTS, MOST_PRODUCTS = 100, 20_000
PRICES_CHANGED_IN_THE_LOG = 0.10
# Every such user, and every such product by popularity, has no record.
EVERY_UNKNOWN_USER, EVERY_UNKNOWN_PRODUCT = 200, 100

# --- Transactions, in shares of purchases.
FATES = {
    "completed": 0.859,
    "refunded": 0.02,
    "refunded_later": 0.04,
    "failed": 0.04,
    "failed_then_completed": 0.015,
    "repeated_purchase": 0.008,
    "purchase_without_transaction": 0.006,
    "transaction_of_another_user": 0.003,
    "inconsistent_total": 0.003,
    "invalid_discount": 0.001,
    "invalid_shipping": 0.001,
    "invalid_tax": 0.001,
    "unnamed_field": 0.003,
}
WITHOUT_PURCHASE = 0.01

# --- Dirt, in shares of accepted records: whole copies, and damaged copies, which share the reasons among them evenly.
DUPLICATES, DAMAGED = 0.005, 0.005
# And of accepted events: those with an oddity that is kept and warned of.
WARNED = {
    "unnamed_field": 0.003,
    "invalid_session_id": 0.001,
    "invalid_browser": 0.001,
    "invalid_ip_address": 0.001,
    "invalid_page_url": 0.002,
    "invalid_product_id": 0.002,
    "invalid_quantity": 0.002,
    "invalid_search_query": 0.002,
    "invalid_transaction_id": 0.002,
}
# The last five of them are of the types that need none of these fields.
WARNED_ON_BARE_TYPES = tuple(WARNED)[-5:]
BARE_TYPES = (CHECKOUT_START, LOGIN, LOGOUT)
REUSED_EVENT_IDS = 0.002
# Of visits: the client claims no session, and that of somebody else.
WITHOUT_CLIENT_SESSION, SHARED_CLIENT_SESSIONS = 0.6, 0.002
# Of all kinds of records: these arrive one to three days late.
LATE, MOST_DAYS_LATE = 0.01, 3

Shares = tuple[float, ...]


def drawn(rng: np.random.Generator, number: int, shares: Shares) -> np.ndarray:
    """Draw so many places of a list of shares, which need not add up to 1.

    >>> drawn(np.random.default_rng(1), 4, (0.0, 1.0, 0.0)).tolist()
    [1, 1, 1, 1]
    """
    bounds = np.cumsum(np.array(shares))
    return np.minimum(np.searchsorted(bounds, rng.random(number) * bounds[-1], side="right"), len(shares) - 1)
