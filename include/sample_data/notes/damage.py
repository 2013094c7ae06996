"""Damaged copies of good records, one way or more for every reason that a line shows by itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

from spark_jobs.contract import DUPLICATE, Records

Texts = dict[str, str]

# A quote that never closes would swallow the rest of its file: it stands in a file of its own, see `odd_records`.
OPEN_QUOTE, CONFLICT = "malformed_csv", "conflicting_user"
_UNREADABLE: dict[str, tuple[Callable[[bytes], bytes], ...]] = {
    "invalid_encoding": (
        lambda line: b"caf\xe9" + line,
        lambda line: line.rstrip(b"\n") + b"\xed\xa0\x80\n",
    ),
    "field_count": (
        lambda line: b"\n",
        lambda line: line.rstrip(b"\n") + b",\n",
        lambda line: line.rpartition(b",")[0] + b"\n",
        lambda line: b"connection reset by peer\n",
    ),
}
_IMPLAUSIBLE = {
    "timestamp": ("1970-01-01T00:00:00Z", "2004-12-31T23:59:59.999Z", "2101-01-01T00:00:00Z"),
    "join_date": ("1970-01-01", "2004-12-31", "2101-01-01"),
}
_INVALID: dict[str, tuple[Texts, ...]] = {
    "user_id": ({"user_id": "u" * 65}, {"user_id": "tab\there"}),
    "timestamp": tuple(
        {"timestamp": text}
        for text in (
            "1700000000000",
            "2026-11-01 10:00:00Z",
            "2026-11-01T10:00:00",
            "2026-02-30T10:00:00Z",
            "2026-11-01T10:00:00.1Z",
        )
    ),
    "action_type": ({"action_type": "view"}, {"action_type": "Edit"}, {"action_type": " share"}),
    "page_id": ({"page_id": "p" * 129},),
    "duration_ms": tuple({"duration_ms": text} for text in ("86400001", "-1", "1.5", "1e3", "20 s")),
    "load_ms": (
        {"action_type": "edit", "load_ms": "12"},
        *({"action_type": "page_view", "load_ms": text} for text in ("600001", "-1", "fast")),
    ),
    "app_version": tuple({"app_version": text} for text in ("1.10", "1.02.3", "v1.9.0", "2.0.0-rc1")),
    "join_date": tuple({"join_date": text} for text in ("2026-02-30", "01/02/2026", "20260102")),
    "country": ({"country": "de"}, {"country": "DEU"}),
    "device_type": ({"device_type": "watch"}, {"device_type": "Phone"}),
    "device_year": ({"device_year": "2004"}, {"device_year": "2101"}, {"device_year": "new"}),
    "subscription_type": ({"subscription_type": "gold"},),
}
_BLANK = ("", " \u2003")


def reasons_of(records: Records) -> tuple[str, ...]:
    """Return the reasons that a damaged line can have."""
    return tuple(name for name in records.reason_names if name not in (DUPLICATE, OPEN_QUOTE, CONFLICT))


def ways(reason: str, records: Records) -> int:
    """Return in how many ways a record can be damaged for a reason."""
    kind, _, name = reason.partition("_")
    if reason in _UNREADABLE:
        return len(_UNREADABLE[reason])
    if reason == "implausible_time":
        return len(_IMPLAUSIBLE[_time_of(records)])
    return len(_BLANK) if kind == "missing" else len(_INVALID[name])


def damaged(line: bytes, records: Records, reason: str, way: int) -> bytes:
    """Return a line, with its end, damaged for a reason, in the numbered way. Its columns are those of the contract."""
    if reason in _UNREADABLE:
        return _UNREADABLE[reason][way % len(_UNREADABLE[reason])](line)
    (values,) = csv.reader(io.StringIO(line.decode(), newline=""))
    texts = dict(zip((one.name for one in records.fields), values, strict=True))
    kind, _, name = reason.partition("_")
    if reason == "implausible_time":
        name = _time_of(records)
        texts[name] = _IMPLAUSIBLE[name][way % len(_IMPLAUSIBLE[name])]
    elif kind == "missing":
        texts[name] = _BLANK[way % len(_BLANK)]
    else:
        texts |= _INVALID[name][way % len(_INVALID[name])]
    return written(texts.values()) + b"\n"


def _time_of(records: Records) -> str:
    return next(one.name for one in records.fields if one.column == records.time)


def written(values: Iterable[str], always: bool = False) -> bytes:
    """Write the fields of a record, each in quotes if it needs them.

    >>> written(["plain", "a, b", ""])
    b'plain,"a, b",'
    """
    return ",".join(_field(value, always) for value in values).encode()


def _field(text: str, always: bool) -> str:
    needs_quotes = always or any(one in text for one in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text
