"""The fields of the four kinds of records of a shop, and how SQL reads each of them from JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import Template

CART = ("ADD_TO_CART", "REMOVE_FROM_CART")


@dataclass(frozen=True)
class Field:
    """A field: the SQL of its value from `$text` or `$number`, null if it is none, and the types that require it."""

    name: str
    value: str
    required: bool | tuple[str, ...] = True
    sensitive: bool = False
    items: tuple[Field, ...] = ()

    @property
    def column(self) -> str:
        """The column of its value."""
        return "client_session_id" if self.name == "session_id" else self.name

    @property
    def is_free_text(self) -> bool:
        """Whether a number or a word, cast to a text, could be its value."""
        return any(macro in self.value for macro in ("text_of", "url_of"))

    @property
    def is_cut(self) -> bool:
        """Whether its value may be less than its text."""
        return "url_of" in self.value

    @property
    def must_be(self) -> str:
        """When a record must have it, as SQL."""
        if isinstance(self.required, bool):
            return str(self.required).lower()
        return f"coalesce(event_type IN {listed(self.required)}, false)"

    def of(self, reading: Reading, struct: str) -> str:
        """Its value in a struct that a reading has made, as SQL."""
        at = f"{struct}.{reading.named(self.name)}"
        if self.items:
            values = ", ".join(f"{one.name}: {one.of(reading, 'item')}" for one in self.items)
            return f"whole_items(list_transform({at}, lambda item: {{{values}}}))"
        return Template(self.value).substitute(text=f"{reading.text}({at})", number=f"{reading.number}({at})")

    def has(self, reading: Reading, struct: str, json: str) -> str:
        """Whether there is anything but null and blanks, as SQL; `json` is what was read."""
        at = f"{struct}.{reading.named(self.name)}"
        # A list that is none is read as null.
        whole = f"({json}->>'$.{reading.named(self.name)}')" if self.items else at
        return f"({whole} IS NOT NULL AND NOT coalesce(is_blank({reading.text}({whole})), false))"

    def structure(self, reading: Reading) -> object:
        """What `json_transform` is told of it."""
        return [reading.structure(self.items)] if self.items else reading.types.get(self.value, "VARCHAR")


@dataclass(frozen=True)
class Reading:
    """A way to read JSON: how it names a field, the macros of a text and of a number, types other than VARCHAR."""

    name: str
    text: str
    number: str
    types: dict[str, str]

    def named(self, name: str) -> str:
        """Return the name that a field has in what is read."""
        return self.name.format(name)

    def structure(self, fields: Iterable[Field]) -> dict[str, object]:
        """What `json_transform` is told of some fields."""
        return {self.named(field.name): field.structure(self) for field in fields}


def listed(words: Iterable[str]) -> str:
    """Return words as a list of SQL."""
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


UUID, TIME, FREE = "uuid_of($text)", "time_of($text)", "text_of($text, 1048576)"
QUANTITY, MONEY = "integer_of($number)", "money_of($text, $number)"
ITEM = (Field("product_id", UUID), Field("quantity", QUANTITY), Field("unit_price", MONEY))
FIELDS = {
    "events": (
        Field("event_id", UUID),
        Field("event_type", "try_cast($text AS event_type)"),
        Field("occurred_at", TIME),
        Field("user_id", UUID),
        Field("device_type", "try_cast($text AS device_type)"),
        Field("page_url", "url_of($text)", ("PAGE_VIEW",)),
        Field("product_id", UUID, ("PRODUCT_VIEW", *CART)),
        Field("quantity", QUANTITY, CART),
        Field("search_query", "text_of($text, 256)", ("SEARCH",), sensitive=True),
        Field("transaction_id", UUID, ("PURCHASE",)),
        Field("session_id", UUID, required=False),
        Field("browser", "text_of($text, 64)", required=False),
        Field("ip_address", "ip_of($text)", required=False, sensitive=True),
    ),
    "transactions": (
        Field("transaction_id", UUID),
        Field("user_id", UUID),
        Field("occurred_at", TIME),
        Field("status", "try_cast($text AS status)"),
        Field("payment_method", "text_of($text, 32)"),
        Field("currency", "capitals_of($text, 3)"),
        Field("items", "", items=ITEM),
        Field("discount", MONEY, required=False),
        Field("shipping", MONEY, required=False),
        Field("tax", MONEY, required=False),
        Field("total", MONEY),
    ),
    "users": (
        Field("user_id", UUID),
        Field("tier", "try_cast($text AS tier)"),
        Field("valid_from", TIME),
        Field("country", "capitals_of($text, 2)", required=False),
        Field("email", FREE, required=False, sensitive=True),
    ),
    "products": (
        Field("product_id", UUID),
        Field("name", FREE),
        Field("category", FREE),
        Field("price", MONEY),
        Field("valid_from", TIME),
    ),
}
