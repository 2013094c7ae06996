"""One JSON object from a line of bytes, by RFC 8259 to the letter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn


class InvalidJsonError(ValueError):
    pass


@dataclass(frozen=True)
class Number:
    """A number as its text: `1e400` is not a double, and `1.999999999999999999` must not become one."""

    text: str

    @property
    def value(self) -> Decimal:
        """The exact value; NaN, which is in no range, where the exponent is beyond a decimal's."""
        mantissa = self.text.lower().split("e")[0]
        if not set(mantissa) & set("123456789"):
            return Decimal(0)
        try:
            return Decimal(self.text)
        except InvalidOperation:
            return Decimal("NaN")


def object_of(text: str) -> dict[str, object]:
    """Parse the one object of a line, or raise InvalidJsonError.

    Not JSON: NaN and Infinity, single quotes, a raw control character, text after the object, a name that stands
    twice in one object at any depth, an escaped surrogate without its other half. Names are compared unescaped. More
    than about a thousand levels of nesting count as invalid, too: the rules set no limit.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_unique_names, parse_constant=_refuse, parse_int=Number, parse_float=Number
        )
        _refuse_half_surrogates(value)
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(str(error)) from error
    if not isinstance(value, dict):
        raise InvalidJsonError("not an object")
    return value


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise InvalidJsonError("a repeated name")
    return names


def _refuse(constant: str) -> NoReturn:
    raise InvalidJsonError(constant)


def _refuse_half_surrogates(value: object) -> None:
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidJsonError("half a surrogate pair")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for part in value:
            _refuse_half_surrogates(part)
