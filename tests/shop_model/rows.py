"""The rows of the four kinds, normalised and unmasked, and the words they may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

TYPES = (
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
DEVICES = ("desktop", "mobile", "tablet", "other")
STATUSES = ("completed", "refunded", "failed")
TIERS = ("bronze", "silver", "gold", "platinum")


@dataclass(frozen=True)
class Event:
    event_id: str
    event_type: str
    occurred_at: datetime
    user_id: str
    device_type: str = "desktop"
    page_url: str | None = None
    product_id: str | None = None
    quantity: int | None = None
    search_query: str | None = None
    transaction_id: str | None = None
    client_session_id: str | None = None
    browser: str | None = None
    ip_address: str | None = None


@dataclass(frozen=True)
class Item:
    product_id: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True)
class Transaction:
    transaction_id: str
    user_id: str
    occurred_at: datetime
    status: str
    payment_method: str
    currency: str
    items: tuple[Item, ...]
    total: Decimal
    discount: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)


@dataclass(frozen=True)
class User:
    user_id: str
    tier: str
    valid_from: datetime
    country: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Product:
    product_id: str
    name: str
    category: str
    price: Decimal
    valid_from: datetime


Row = Event | Transaction | User | Product
