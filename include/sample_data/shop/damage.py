"""Damaged copies of good records, one way or more for every reason that a record shows by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from spark_jobs.contract import DUPLICATE, Records
from spark_jobs.fields import Choice, Integer, IpAddress, Items, Money, Text, Time, Type, Url, Uuid

Record = dict[str, Any]
Damage = Callable[[bytes], bytes]

_UNREADABLE: dict[str, tuple[Damage, ...]] = {
    "invalid_encoding": (
        lambda line: line.rstrip(b"}\n") + b',"note":"caf\xe9"}\n',
        lambda line: line.rstrip(b"}\n") + b',"note":"\xed\xa0\x80"}\n',
    ),
    "invalid_json": (
        lambda line: line[: line.index(b",")] + b"\n",
        lambda line: b"\n",
        lambda line: b"[" + line.rstrip(b"\n") + b"]\n",
        lambda line: line.rstrip(b"\n") + b" {}\n",
        lambda line: line.rstrip(b"}\n") + b',"user_id":null,"user_id":null}\n',
        lambda line: line.replace(b'"', b"'"),
        lambda line: b"connection reset by peer\n",
    ),
}
_IMPLAUSIBLE = ("1970-01-01T00:00:00Z", "2014-12-31T23:59:59.999999Z", "2101-01-01T00:00:00Z")
_INVALID: dict[type, tuple[Any, ...]] = {
    Uuid: ("not-a-uuid", "{00000000-0000-4000-a000-000000000000}", 12),
    Choice: ("teleport", " mobile", 1),
    Time: (1_700_000_000_000, "2026-11-01 10:00:00", "2026-11-01T10:00:00", "2026-02-30T10:00:00Z"),
    Money: (-1, 1.999, "1,50", 12_345_678_901),
    Items: ([], {"0": {}}, [{"product_id": "p"}]),
    IpAddress: ("256.1.1.1", 1),
}
_BLANK = ("absent", None, "", " \u2003")


def reasons_of(records: Records) -> tuple[str, ...]:
    """Return the reasons that a damaged copy can have: all but `duplicate`."""
    return tuple(name for name in records.reason_names if name != DUPLICATE)


def ways(records: Records, reason: str) -> int:
    """Return in how many ways a record can be damaged for a reason."""
    if reason in _UNREADABLE:
        return len(_UNREADABLE[reason])
    if reason == "implausible_time":
        return len(_IMPLAUSIBLE)
    kind, _, name = reason.partition("_")
    return len(_BLANK) if kind == "missing" else len(invalid_values(records.named(name).type))


def damaged(line: bytes, records: Records, reason: str, way: int) -> bytes:
    """Return a line damaged for a reason, in the numbered way; the good one must be of a type that needs the field."""
    if reason in _UNREADABLE:
        return _UNREADABLE[reason][way % len(_UNREADABLE[reason])](line)
    record: Record = json.loads(line)
    kind, _, name = reason.partition("_")
    if reason == "implausible_time":
        record[records.time] = _IMPLAUSIBLE[way % len(_IMPLAUSIBLE)]
    elif kind == "invalid":
        values = invalid_values(records.named(name).type)
        record[name] = values[way % len(values)]
    elif _BLANK[way % len(_BLANK)] == "absent":
        del record[name]
    else:
        record[name] = _BLANK[way % len(_BLANK)]
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def types_for(records: Records, reason: str) -> tuple[str, ...]:
    """Return the types of events that can be damaged for a reason; none means all."""
    _, _, name = reason.partition("_")
    required = {one.name: one.required for one in records.fields}.get(name)
    return required if isinstance(required, tuple) else ()


def invalid_values(kind: Type) -> tuple[Any, ...]:
    """Return some values that are no values of a type, and that are not missing.

    >>> invalid_values(Integer(1, 1000))
    ('2', 0, 1001, 1.5, True)
    """
    if isinstance(kind, Integer):
        return ("2", kind.lowest - 1, kind.highest + 1, 1.5, True)
    if isinstance(kind, Url):
        return ("x" * (kind.longest + 1), 7)
    if isinstance(kind, Text):
        too_long = ("x" * (kind.longest + 1),) if kind.longest else ()
        return (*too_long, *(("eur",) if kind.pattern else ()), 7, ["text"])
    return _INVALID[type(kind)]
