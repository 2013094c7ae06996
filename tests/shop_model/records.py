"""One line of one kind: its content, or the first reason against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.shop_model.rows import DEVICES, STATUSES, TIERS, TYPES, Event, Item, Product, Row, Transaction, User
from tests.shop_model.strict_json import InvalidJsonError, object_of
from tests.shop_model.values import Reader, capitals, integer, ip, is_blank, items, money, one_of, text, time, url, uuid

EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    """A field of a kind; `on` names the event types that require it where not all do."""

    name: str
    read: Reader
    required: bool = True
    on: tuple[str, ...] = ()

    def is_required(self, values: dict[str, object]) -> bool:
        return values.get("event_type") in self.on if self.on else self.required


def item(value: object) -> Item:
    """Read one of a transaction's items: of its three fields none may be missing."""
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return Item(uuid(value.get("product_id")), integer(value.get("quantity")), money(value.get("unit_price")))


CART = ("ADD_TO_CART", "REMOVE_FROM_CART")
FIELDS = {
    "events": (
        Field("event_id", uuid),
        Field("event_type", one_of(*TYPES)),
        Field("occurred_at", time),
        Field("user_id", uuid),
        Field("device_type", one_of(*DEVICES)),
        Field("page_url", url, on=("PAGE_VIEW",)),
        Field("product_id", uuid, on=("PRODUCT_VIEW", *CART)),
        Field("quantity", integer, on=CART),
        Field("search_query", text(256), on=("SEARCH",)),
        Field("transaction_id", uuid, on=("PURCHASE",)),
        Field("session_id", uuid, required=False),
        Field("browser", text(64), required=False),
        Field("ip_address", ip, required=False),
    ),
    "transactions": (
        Field("transaction_id", uuid),
        Field("user_id", uuid),
        Field("occurred_at", time),
        Field("status", one_of(*STATUSES)),
        Field("payment_method", text(32)),
        Field("currency", capitals(3)),
        Field("items", items(item)),
        Field("discount", money, required=False),
        Field("shipping", money, required=False),
        Field("tax", money, required=False),
        Field("total", money),
    ),
    "users": (
        Field("user_id", uuid),
        Field("tier", one_of(*TIERS)),
        Field("valid_from", time),
        Field("country", capitals(2), required=False),
        Field("email", text(), required=False),
    ),
    "products": (
        Field("product_id", uuid),
        Field("name", text()),
        Field("category", text()),
        Field("price", money),
        Field("valid_from", time),
    ),
}
ROWS: dict[str, type] = {"events": Event, "transactions": Transaction, "users": User, "products": Product}


@dataclass(frozen=True)
class Accepted:
    """A record that stands by itself: it may still be a duplicate."""

    row: Row
    warnings: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)


def judge_line(kind: str, line: bytes, run_date: date) -> str | Accepted:
    """Return the first reason to reject a record, or its content with its own warnings.

    An optional field that is blank is absent, without a warning, as a required one would be missing. A field that is
    only required on some event types is optional where the event type is invalid. Unnamed fields are those of the
    record itself: a further name within an item is ignored and not counted. A discount, shipping or tax of 0 and an
    absent one are the same content.
    """
    try:
        values = object_of(line.removesuffix(b"\r").decode("utf-8"))
    except UnicodeDecodeError:
        return "invalid_encoding"
    except InvalidJsonError:
        return "invalid_json"
    fields = FIELDS[kind]
    required = [one.name for one in fields if one.is_required(values)]
    content, invalid = _read(fields, values)
    reasons = [f"missing_{name}" for name in required if is_blank(values.get(name))]
    reasons += [f"invalid_{name}" for name in required if name in invalid]
    if "occurred_at" in content and not _is_plausible(content["occurred_at"], run_date):
        reasons.append("implausible_time")
    if reasons:
        return reasons[0]
    unnamed = sorted(set(values) - {one.name for one in fields})
    if "session_id" in content:
        content["client_session_id"] = content.pop("session_id")
    row = ROWS[kind](**content)
    warnings = [f"invalid_{name}" for name in invalid] + ["unnamed_field"] * bool(unnamed)
    return Accepted(row, warnings + ["inconsistent_total"] * (kind == "transactions" and not adds_up(row)), unnamed)


def _read(fields: tuple[Field, ...], values: dict[str, object]) -> tuple[dict[str, object], list[str]]:
    """Return the valid fields' values, and the names of the invalid ones."""
    content, invalid = {}, []
    for one in fields:
        value = values.get(one.name)
        try:
            if not is_blank(value):
                content[one.name] = one.read(value)
        except ValueError:
            invalid.append(one.name)
    return content, invalid


def _is_plausible(moment: datetime, run_date: date) -> bool:
    end = datetime(run_date.year, run_date.month, run_date.day, tzinfo=UTC) + timedelta(days=2)
    return EARLIEST <= moment < end


def adds_up(transaction: Transaction) -> bool:
    """Say whether the total is the items' sum less discount plus shipping and tax, and the discount within the sum."""
    goods = sum(one.quantity * one.unit_price for one in transaction.items)
    due = goods - transaction.discount + transaction.shipping + transaction.tax
    return transaction.discount <= goods and due == transaction.total
