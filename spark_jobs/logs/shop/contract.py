"""The contract of the log of an online shop: events, and the transactions, users and products they speak of."""

from __future__ import annotations

from datetime import date, timedelta

from spark_jobs.contract import (
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
        Warning("reused_event_id", "Another event of the user has the same event_id and says something else."),
        Warning("repeated_purchase", "The transaction has an earlier PURCHASE; this one brings no revenue."),
        Warning("unknown_user", "No accepted record of users is of this user."),
        Warning("unknown_product", "No accepted record of products is of this product."),
        Warning("purchase_without_transaction", "No accepted transaction has this id."),
        Warning("client_session_of_several_users", "The session that the client claims has events of other users."),
    ),
    same=tuple(one.column for one in _EVENT_FIELDS),
    time="occurred_at",
    plausible=SINCE,
    type_field="event_type",
    order=("event_type", "event_id", "device_type"),
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
        Warning("unknown_user", "No accepted record of users is of this user."),
        Warning("unknown_product", "No accepted record of products is of a product among its items."),
        Warning("transaction_without_purchase", "It has not failed, and no PURCHASE names it."),
        Warning("transaction_of_another_user", "The PURCHASE that names it is another user's."),
        Warning("inconsistent_total", "The total is not what its items, discount, shipping and tax come to."),
    ),
    same=tuple(one.column for one in _TRANSACTION_FIELDS),
    time="occurred_at",
    plausible=SINCE,
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
    same=tuple(one.column for one in _USER_FIELDS),
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
    same=tuple(one.column for one in _PRODUCT_FIELDS),
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
    ),
    answers="conversion",
    answer="funnel",
)
