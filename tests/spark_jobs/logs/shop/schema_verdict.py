"""What the exported JSON Schema says of a line, read by `jsonschema`, in the words of the contract."""

from __future__ import annotations

import decimal
import json
import unicodedata
from decimal import Decimal
from functools import cache
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from spark_jobs import json_schema
from spark_jobs.fields import Field
from spark_jobs.logs.shop.contract import SHOP
from tests.spark_jobs.logs.shop.records import KINDS, Verdict
from tests.spark_jobs.test_json_schema import OfDecimals

# A number may have hundreds of digits, all of which count.
EXACT = decimal.Context(prec=2000, Emax=10**6, Emin=-(10**6))


class InvalidJsonError(ValueError):
    pass


@cache
def validator(kind: str) -> Draft202012Validator:
    text = json.dumps(json_schema.json_schema(SHOP, KINDS[kind]))
    return OfDecimals(json.loads(text, parse_float=Decimal), format_checker=Draft202012Validator.FORMAT_CHECKER)


def verdict_of(kind: str, line: bytes) -> Verdict:
    """Return the first reason against a line, or its warnings; no plausible times, and no sums."""
    try:
        record = read(line.decode().removesuffix("\r"))
    except UnicodeDecodeError:
        return Verdict("invalid_encoding")
    except (InvalidJsonError, ValueError):
        return Verdict("invalid_json")
    fields = {one.name: one for one in KINDS[kind].fields}
    at_fault = faults(kind, record)
    required = [name for name, one in fields.items() if is_required(one, record)]
    reasons = [f"missing_{name}" for name in required if name in at_fault and is_blank(record.get(name))]
    reasons += [f"invalid_{name}" for name in required if name in at_fault]
    if reasons:
        return Verdict(reasons[0])
    warned = {f"invalid_{name}" for name in at_fault if not is_blank(record.get(name))}
    unnamed = frozenset(record) - frozenset(fields)
    return Verdict(None, frozenset(warned | ({"unnamed_field"} if unnamed else set())), unnamed)


def faults(kind: str, record: dict[str, Any]) -> set[str]:
    """Return the names of the fields at which a record breaks the schema."""
    found: set[str] = set()
    with decimal.localcontext(EXACT):
        for error in validator(kind).iter_errors(record):
            absent = {name for name in error.validator_value if name not in record} if is_absence(error) else set()
            found |= absent or {str(error.absolute_path[0])}
    return found


def is_absence(error: Any) -> bool:
    return error.validator == "required" and not error.absolute_path


def is_required(one: Field, record: dict[str, Any]) -> bool:
    return one.required is True or (isinstance(one.required, tuple) and record.get("event_type") in list(one.required))


def is_blank(value: Any) -> bool:
    """Is it null, or nothing but Unicode's White_Space?"""
    if not isinstance(value, str):
        return value is None
    return all(character in "\t\n\v\f\r\x85" or unicodedata.category(character)[0] == "Z" for character in value)


def read(text: str) -> dict[str, Any]:
    """Read one object to the letter of RFC 8259, its names all different, its numbers exact."""
    value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=Decimal)
    if not isinstance(value, dict):
        raise InvalidJsonError("no object")
    # Half of a surrogate pair is no character.
    json.dumps(value, default=str, ensure_ascii=False).encode()
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise InvalidJsonError("a repeated name")
    return dict(pairs)


def refuse(constant: str) -> NoReturn:
    raise InvalidJsonError(constant)
