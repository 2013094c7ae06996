"""Files of lines to accepted rows, rejected counts and warnings."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from tests.shop_model.orders import first_purchases, is_order
from tests.shop_model.records import FIELDS, judge_line
from tests.shop_model.rows import Event, Product, Row, Transaction, User
from tests.shop_model.values import WHITE_SPACE

KINDS = tuple(FIELDS)
SENSITIVE = ("search_query", "ip_address", "email")
UNNAMED_NAMES_KEPT = 100
BETWEEN = {
    "events": (
        "reused_event_id",
        "repeated_purchase",
        "unknown_user",
        "unknown_product",
        "purchase_without_transaction",
        "client_session_of_several_users",
    ),
    "transactions": (
        "unknown_user",
        "unknown_product",
        "transaction_without_purchase",
        "transaction_of_another_user",
        "inconsistent_total",
    ),
}


def warnings_of(kind: str) -> list[str]:
    """Return all warnings that a kind can have, by name."""
    optional = [f"invalid_{one.name}" for one in FIELDS[kind] if one.on or not one.required]
    return sorted([*optional, "unnamed_field", *BETWEEN.get(kind, ())])


@dataclass
class Judged:
    """Accepted rows and duplicates by kind (unmasked), counts of reasons, warnings and unnamed names by kind."""

    accepted: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    duplicates: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    rejected: dict[str, list[tuple[bytes, str]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    warnings: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    unnamed: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})

    @property
    def reasons(self) -> dict[str, Counter[str]]:
        return {kind: Counter(reason for _, reason in rejected) for kind, rejected in self.rejected.items()}


def lines_of(file: bytes) -> list[bytes]:
    """Split a file at line feeds; skip a byte-order mark at its start; a last line feed opens no further line."""
    lines = file.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return lines if lines[-1] else lines[:-1]


def judge(files: Mapping[str, Iterable[bytes]], run_date: date) -> Judged:
    """Judge all records of all files, given as bytes by kind.

    Of equal contents one is accepted, and the warnings of all count. Each unnamed field of those records counts.
    """
    judged = Judged()
    seen: set[Row] = set()
    for kind in KINDS:
        for line in (line for file in files.get(kind, ()) for line in lines_of(file)):
            _take(judged, seen, kind, line, run_date)
        names = sorted(judged.unnamed[kind].items())
        judged.unnamed[kind] = Counter(dict(names[:UNNAMED_NAMES_KEPT]))
    rows = {kind: judged.accepted[kind] + judged.duplicates[kind] for kind in KINDS}
    for kind, counts in warnings_between(*rows.values()).items():
        judged.warnings[kind].update(counts)
    return judged


def _take(judged: Judged, seen: set[Row], kind: str, line: bytes, run_date: date) -> None:
    verdict = judge_line(kind, line, run_date)
    if isinstance(verdict, str):
        judged.rejected[kind].append((line, verdict))
        return
    judged.warnings[kind].update(verdict.warnings)
    judged.unnamed[kind].update(verdict.unnamed)
    if verdict.row in seen:
        judged.duplicates[kind].append(verdict.row)
        judged.rejected[kind].append((line, "duplicate"))
    else:
        seen.add(verdict.row)
        judged.accepted[kind].append(verdict.row)


def masked(row: Row, key: str | None, key_id: str = "1") -> Row:
    """Return a row with its sensitive values as they are stored: the key's id and 64 digits, or nothing without key."""
    found = {name: getattr(row, name) for name in SENSITIVE if getattr(row, name, None) is not None}
    return replace(row, **{name: _hmac(value, key, key_id) for name, value in found.items()})


def _hmac(value: str, key: str | None, key_id: str) -> str | None:
    if key is None:
        return None
    plain = value.strip(WHITE_SPACE).lower()
    return f"{key_id}:{hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest()}"


def warnings_between(
    events: list[Event], transactions: list[Transaction], users: list[User], products: list[Product]
) -> dict[str, Counter[str]]:
    """Count the warnings that need other records. The lists hold accepted rows, and their duplicates once more.

    `reused_event_id` and `client_session_of_several_users` count all records that share the id, the first too. A
    later purchase counts as repeated whatever becomes of its transaction. A transaction's warnings speak of the
    record: its own status and user, not those of the transaction as it counts; another user's is the first PURCHASE.
    """
    known_users = {user.user_id for user in users}
    known_products = {product.product_id for product in products}
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    known_transactions = {transaction.transaction_id for transaction in transactions}
    first = first_purchases(events)
    for transaction in transactions:
        purchase = first.get(transaction.transaction_id)
        bought = {item.product_id for item in transaction.items}
        found["transactions"].update(
            _names(
                unknown_user=transaction.user_id not in known_users,
                unknown_product=not bought <= known_products,
                transaction_without_purchase=purchase is None and is_order(transaction),
                transaction_of_another_user=purchase is not None and purchase.user_id != transaction.user_id,
            )
        )
    contents, claims = defaultdict(set), defaultdict(set)
    for event in events:
        contents[event.user_id, event.event_id].add(event)
        claims[event.client_session_id].add(event.user_id)
    for event in events:
        buys = event.event_type == "PURCHASE"
        found["events"].update(
            _names(
                reused_event_id=len(contents[event.user_id, event.event_id]) > 1,
                repeated_purchase=buys and event != first[event.transaction_id],
                unknown_user=event.user_id not in known_users,
                unknown_product=event.product_id is not None and event.product_id not in known_products,
                purchase_without_transaction=buys and event.transaction_id not in known_transactions,
                client_session_of_several_users=event.client_session_id is not None
                and len(claims[event.client_session_id]) > 1,
            )
        )
    return found


def _names(**claims: bool) -> list[str]:
    return [name for name, holds in claims.items() if holds]
