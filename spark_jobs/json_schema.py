"""The JSON Schema (draft 2020-12) of each kind of records, made from its contract and kept under `docs/schemas/`.

A producer checks its records by it. In a text format every value is a text, and a field that is empty is absent.
A fault of an optional field rejects no record: it is a warning, and the value is stored as null. What needs another
record, another file or the run date is in no schema: duplicates, plausible times, unknown users.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spark_jobs.contract import JsonLines, LogContract, Records
from spark_jobs.fields import Choice, Day, Field, Integer, IpAddress, Items, Money, Text, Time, Type, Url, Uuid
from spark_jobs.logs.contracts import CONTRACTS
from spark_jobs.shared.generated_files import write_or_compare

DIRECTORY = Path(__file__).resolve().parents[1] / "docs" / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

# The patterns mean the same to ECMAScript, as the standard has it, and to Python, whose validator reads them by its own
# rules: there `$` also matches before a last line end, `\d` any digit of Unicode, and `\S` differs in a few characters.
_END = r"$(?!\n)"
_UUID = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
# RFC 3339, section 5.6, with `T` and `Z` in capitals. The pattern knows no lengths of months: the format does.
_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK, _SECOND = "([01][0-9]|2[0-3]):[0-5][0-9]", "[0-5][0-9]"
_ZONE = "(Z|[+-]((0[0-9]|1[0-7]):[0-5][0-9]|18:00))"
# Unicode's property White_Space.
_NOT_BLANK = r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

Schema = dict[str, Any]


def json_schema(log: LogContract, records: Records) -> Schema:
    """Return the schema of one record as an object: every name, what its value may be, which ones must be there."""
    is_json = isinstance(log.format, JsonLines)
    schema: Schema = {
        "$schema": DRAFT,
        "$id": f"{log.name}/{file_name(log, records)}",
        "title": f"A record of {log.name}.{records.name}",
        **_object(records.fields, is_json),
    }
    if conditions := _conditions(records):
        schema["allOf"] = conditions
    return schema


def file_name(log: LogContract, records: Records) -> str:
    """Return the name of the schema's file."""
    return f"{log.name}.{records.name}.schema.json"


def files() -> dict[str, str]:
    """Return what `docs/schemas/` has to hold: the text of every schema, by the name of its file."""
    return {
        file_name(log, records): json.dumps(json_schema(log, records), indent=2) + "\n"
        for log in CONTRACTS.values()
        for records in log.kinds
    }


def _object(fields: tuple[Field, ...], is_json: bool) -> Schema:
    return {
        "type": "object",
        "properties": {field.name: _property(field, is_json) for field in fields},
        "required": [field.name for field in fields if field.required is True],
    }


def _property(field: Field, is_json: bool) -> Schema:
    schema = {"description": field.type.words, **_value(field.type, is_json)}
    if field.sensitive:
        schema["x-sensitive"] = True
    if field.required is not True and is_json:
        # Null is absent.
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _value(found: Type, is_json: bool) -> Schema:
    schema: Schema
    match found:
        case Text(longest=longest, pattern=pattern):
            schema = _text(_whole(f"(?=.*{_NOT_BLANK}){pattern}") if pattern else _NOT_BLANK, longest)
        case Url(longest=longest):
            schema = _text(_NOT_BLANK, longest)
        case Choice(values=values):
            schema = {"enum": list(values)}
        case Uuid():
            schema = _text(_whole(_UUID))
        case IpAddress():
            schema = {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
        case Time(fraction_digits=digits, leap_seconds=leap_seconds):
            schema = _time(digits, leap_seconds)
        case Day():
            schema = _text(_whole(_DATE)) | {"format": "date"}
        case Integer(lowest=lowest, highest=highest):
            schema = {"type": "integer", "minimum": lowest, "maximum": highest} if is_json else _text(_whole("[0-9]+"))
        case Money(digits=digits, decimals=decimals):
            schema = _money(digits, decimals)
        case Items(fields=fields, fewest=fewest, most=most):
            schema = {"type": "array", "minItems": fewest, "maxItems": most, "items": _object(fields, is_json)}
    return schema


def _time(fraction_digits: tuple[int, ...], leap_seconds: bool) -> Schema:
    second = f"({_SECOND}|60)" if leap_seconds else _SECOND
    schema = _text(_whole(f"{_DATE}T{_CLOCK}:{second}{_fraction(fraction_digits)}{_ZONE}"))
    exists: Schema = {"format": "date-time"}
    # Validators take a second 60 for no time, and no schema can say which minutes had one.
    return schema | ({"anyOf": [exists, {"pattern": ":60"}]} if leap_seconds else exists)


def _whole(pattern: str) -> str:
    return f"^(?:{pattern}){_END}"


def _text(pattern: str, longest: int | None = None) -> Schema:
    schema: Schema = {"type": "string", "pattern": pattern}
    return schema | {"maxLength": longest} if longest else schema


def _fraction(digits: tuple[int, ...]) -> str:
    lengths = [length for length in digits if length]
    if not lengths:
        return ""
    text = rf"\.[0-9]{{{min(lengths)},{max(lengths)}}}"
    return f"({text})?" if 0 in digits else text


def _money(digits: int, decimals: int) -> Schema:
    # Read by a validator that keeps decimals: of binary fractions few are a multiple of a cent.
    number = {"type": "number", "minimum": 0, "exclusiveMaximum": 10**digits, "multipleOf": 10**-decimals}
    return {"anyOf": [number, _text(_whole(rf"[0-9]{{1,{digits}}}(\.[0-9]{{1,{decimals}}})?"))]}


def _conditions(records: Records) -> list[Schema]:
    """Return, for every field that only some types require, that it is there and not null on those."""
    return [
        {
            "if": {"properties": {records.type_field: {"enum": list(field.required)}}},
            "then": {"properties": {field.name: {"not": {"type": "null"}}}, "required": [field.name]},
        }
        for field in records.fields
        if isinstance(field.required, tuple)
    ]


def main(directory: Path = DIRECTORY) -> None:
    """Write the schemas of the contracts, or compare them."""
    write_or_compare(files(), directory, "contracts")


if __name__ == "__main__":
    main()
