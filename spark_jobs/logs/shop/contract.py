"""The contract of the log of an online shop: events, and the transactions, users and products they speak of."""

from __future__ import annotations

from datetime import date, timedelta

from spark_jobs.contract import (
    ROW_KEY,
    JsonLines,
    LogContract,
    Plausible,
    Reason,
    Records,
    Sessions,
    Warning,
    invalid,
    invalid_optional,
    missing,
)
from spark_jobs.fields import Choice, Field, Integer, IpAddress, Items, Money, Text, Time, Url, Uuid
from spark_jobs.limits import Limit

EVENT_TYPES = (
    "PAGE_VIEW",
    "PRODUCT_VIEW",
    "SEARCH",
    "ADD_TO_CART",
    "REMOVE_FROM_CART",
    "CHECKOUT_START",
    "PURCHASE",
    "LOGIN",
    "LOGOUT",
)
CART_TYPES = ("ADD_TO_CART", "REMOVE_FROM_CART")
# From the lowest to the highest: of two changes at one time the higher tier counts.
TIERS = ("bronze", "silver", "gold", "platinum")
# In the order in which they count, of several records of one transaction at one time.
STATUSES = ("completed", "refunded", "failed")

TIME = Time(fraction_digits=tuple(range(7)))
SINCE = Plausible(since=date(2015, 1, 1))

UNREADABLE = (
    Reason("invalid_encoding", "The line is not valid UTF-8."),
    Reason(
        "invalid_json",
        "The line is not one JSON object of at most 1 MiB whose names are all different; an empty line counts.",
    ),
)
IMPLAUSIBLE = Reason("implausible_time", "The time is before 2015, or after the day that follows the run date (UTC).")
DUPLICATE = Reason("duplicate", "Another record of its kind says the same in every field.")
UNNAMED = Warning("unnamed_field", "The record has fields that the contract does not name; they are left out.")


def _across(name: str, sentence: str) -> Warning:
    return Warning(name, sentence, across=True)


_EVENT_FIELDS = (
    Field("event_id", Uuid()),
    Field("event_type", Choice(EVENT_TYPES)),
    Field("occurred_at", TIME),
    Field("user_id", Uuid()),
    Field("device_type", Choice(("desktop", "mobile", "tablet", "other"))),
    Field("page_url", Url(longest=2048), required=("PAGE_VIEW",)),
    Field("product_id", Uuid(), required=("PRODUCT_VIEW", *CART_TYPES)),
    Field("quantity", Integer(1, 1000), required=CART_TYPES),
    Field("search_query", Text(longest=256), required=("SEARCH",), sensitive=True),
    Field("transaction_id", Uuid(), required=("PURCHASE",)),
    Field("session_id", Uuid(), required=False, stored_as="client_session_id"),
    Field("browser", Text(longest=64), required=False),
    Field("ip_address", IpAddress(), required=False, sensitive=True),
)
EVENTS = Records(
    "events",
    fields=_EVENT_FIELDS,
    reasons=(*UNREADABLE, *missing(_EVENT_FIELDS), *invalid(_EVENT_FIELDS), IMPLAUSIBLE, DUPLICATE),
    warnings=(
        *invalid_optional(_EVENT_FIELDS),
        UNNAMED,
        _across("reused_event_id", "Another event of the user has the same event_id and says something else."),
        _across("repeated_purchase", "The transaction has an earlier PURCHASE; this one brings no revenue."),
        _across("unknown_user", "No accepted record of users is of this user."),
        _across("unknown_product", "No accepted record of products is of this product."),
        _across("purchase_without_transaction", "No accepted transaction has this id."),
        _across("client_session_of_several_users", "The session that the client claims has events of other users."),
    ),
    same=("user_id", "occurred_at", ROW_KEY),
    time="occurred_at",
    plausible=SINCE,
    type_field="event_type",
    order=("event_type", "event_id", "device_type", ROW_KEY),
    varied=("event_id", "transaction_id", "client_session_id", ROW_KEY),
    duplicates_warned=True,
)

_ITEM_FIELDS = (
    Field("product_id", Uuid()),
    Field("quantity", Integer(1, 1000)),
    Field("unit_price", Money()),
)
_TRANSACTION_FIELDS = (
    Field("transaction_id", Uuid()),
    Field("user_id", Uuid()),
    Field("occurred_at", TIME),
    Field("status", Choice(STATUSES)),
    Field("payment_method", Text(longest=32)),
    Field("currency", Text(pattern="[A-Z]{3}")),
    Field("items", Items(_ITEM_FIELDS, fewest=1, most=500)),
    Field("discount", Money(), required=False),
    Field("shipping", Money(), required=False),
    Field("tax", Money(), required=False),
    Field("total", Money()),
)
TRANSACTIONS = Records(
    "transactions",
    fields=_TRANSACTION_FIELDS,
    reasons=(*UNREADABLE, *missing(_TRANSACTION_FIELDS), *invalid(_TRANSACTION_FIELDS), IMPLAUSIBLE, DUPLICATE),
    warnings=(
        *invalid_optional(_TRANSACTION_FIELDS),
        UNNAMED,
        _across("unknown_user", "No accepted record of users is of this user."),
        _across("unknown_product", "No accepted record of products is of a product among its items."),
        _across("transaction_without_purchase", "It has not failed, and no PURCHASE names it."),
        _across("transaction_of_another_user", "The PURCHASE that names it is another user's."),
        Warning("inconsistent_total", "The total is not what its items, discount, shipping and tax come to."),
    ),
    same=("user_id", "occurred_at", ROW_KEY),
    time="occurred_at",
    plausible=SINCE,
    order=("transaction_id", ROW_KEY),
    varied=("transaction_id", ROW_KEY),
    duplicates_warned=True,
)

_USER_FIELDS = (
    Field("user_id", Uuid()),
    Field("tier", Choice(TIERS)),
    Field("valid_from", TIME),
    Field("country", Text(pattern="[A-Z]{2}"), required=False),
    Field("email", Text(), required=False, sensitive=True),
)
USERS = Records(
    "users",
    fields=_USER_FIELDS,
    reasons=(*UNREADABLE, *missing(_USER_FIELDS), *invalid(_USER_FIELDS), DUPLICATE),
    warnings=(*invalid_optional(_USER_FIELDS), UNNAMED),
    same=("user_id", "valid_from", ROW_KEY),
    time="valid_from",
    order=(ROW_KEY,),
    duplicates_warned=True,
)

_PRODUCT_FIELDS = (
    Field("product_id", Uuid()),
    Field("name", Text()),
    Field("category", Text()),
    Field("price", Money()),
    Field("valid_from", TIME),
)
PRODUCTS = Records(
    "products",
    fields=_PRODUCT_FIELDS,
    reasons=(*UNREADABLE, *missing(_PRODUCT_FIELDS), *invalid(_PRODUCT_FIELDS), DUPLICATE),
    warnings=(UNNAMED,),
    same=("product_id", "valid_from", ROW_KEY),
    time="valid_from",
    order=(ROW_KEY,),
    owner="product_id",
    duplicates_warned=True,
)

# The shares are wide around those of the generator's log, which is all that was measured: 35 % page views, 5 %
# purchases, 43 % of the sessions convert. A shop sets its own.
LIMITS = (
    Limit("maximum_unknown_users_percent", 5, "percent", "percent of the events; more of unknown users degrade"),
    Limit(
        "maximum_inconsistent_totals_percent",
        2,
        "percent",
        "percent of the transactions; more whose total does not add up degrade",
    ),
    Limit(
        "maximum_shared_client_sessions_percent",
        2,
        "percent",
        "percent of the events; more that claim a session with several users degrade",
    ),
    Limit("minimum_page_views_percent", 10, "percent", "percent of the events; fewer PAGE_VIEW degrade"),
    Limit("maximum_purchases_percent", 20, "percent", "percent of the events; more PURCHASE degrade"),
    Limit(
        "maximum_share_change_points",
        10,
        "percent",
        "points that a type's share of the events may differ from that of the run date before; more degrade",
    ),
    Limit("minimum_conversion_percent", 0.1, "percent", "percent of the sessions that convert; fewer degrade"),
    Limit("maximum_conversion_percent", 60, "percent", "percent of the sessions that convert; more degrade"),
    Limit(
        "maximum_conversion_change_points",
        10,
        "percent",
        "points that conversion may differ from that of the run date before; more degrade",
    ),
)

JSON_LINES = JsonLines()
SHOP = LogContract(
    name="shop",
    format=JSON_LINES,
    events=EVENTS,
    others=(TRANSACTIONS, USERS, PRODUCTS),
    sessions=Sessions(
        gap=timedelta(minutes=30),
        events="events",
        distinct=(("distinct_products", ("product_id",)),),
        each="event_type",
        first=("device_type",),
    ),
    answers="conversion",
    answer="funnel",
    limits=LIMITS,
    example='{"event_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "event_type": "LOGIN", "occurred_at": '
    '"2026-11-19T08:30:00Z", "user_id": "0e984725-c51c-4bf4-9960-e1c80e27aba0", "device_type": "mobile"}',
)
