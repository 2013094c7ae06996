"""Rows of the shop log as JSON lines: the plain way, and in unusual spellings of the same content."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

from tests.shop_faults import broken_lines, object_of
from tests.shop_logs import ShopLog, shop_logs
from tests.shop_model.rows import Item, Row

IDS = ("event_id", "user_id", "product_id", "transaction_id", "session_id")


def fields_of(row: Row | Item) -> dict[str, str]:
    """Return the JSON text of each of a row's fields, those that are null left out."""
    names = {"client_session_id": "session_id"}
    return {names.get(name, name): _json(value) for name, value in vars(row).items() if value is not None}


def _json(value: object) -> str:
    if isinstance(value, datetime):
        return json.dumps(value.isoformat().replace("+00:00", "Z"))
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(object_of(fields_of(item)) for item in value) + "]"
    return json.dumps(value)


def line_of(row: Row) -> bytes:
    """Write a row the plain way."""
    return object_of(fields_of(row)).encode()


def files_of(log: ShopLog) -> dict[str, list[bytes]]:
    """Write each kind of a log as one file, the plain way."""
    return {kind: [b"".join(line_of(row) + b"\n" for row in rows)] for kind, rows in vars(log).items()}


@st.composite
def spelled(draw: st.DrawFn, row: Row) -> bytes:
    """Write a row in another way that is the same content, unless a further name is in it: that is ignored."""
    fields = {name: draw(_spelling(name, text, getattr(row, name, None))) for name, text in fields_of(row).items()}
    if draw(st.booleans()):
        fields["colour"] = '{"a": ["\\ud83d\\ude00", {"a": null}]}'
    pairs = draw(st.permutations(list(fields.items())))
    before, after = draw(st.sampled_from([("", ""), (" \t", " "), ("", "\r")]))
    return f"{before}{object_of(dict(pairs))}{after}".encode()


def _spelling(name: str, text: str, value: object) -> st.SearchStrategy[str]:
    spellings = [text]
    if name in IDS:
        spellings.append(text.upper())
    elif name == "page_url":
        spellings += [text[:-1] + '?a=1#b"', text[:-1] + '#?"']
    elif isinstance(value, datetime):
        there = value.astimezone(timezone(timedelta(hours=-18)))
        spellings += [f'"{there.isoformat()}"', f'"{value:%Y-%m-%dT%H:%M:%S.%f}+00:00"']
    elif isinstance(value, Decimal):
        spellings += [f'"{value}"', f"{value * 100}e-2", f"{value:.2f}0"]
    elif isinstance(value, int):
        spellings += [f"{value}.0", f"{value * 10}e-1"]
    elif isinstance(value, str):
        spellings.append(json.dumps(value, ensure_ascii=False))
    return st.sampled_from(spellings)


@st.composite
def shop_files(draw: st.DrawFn, shops: int = 1) -> dict[str, list[bytes]]:
    """The files of a log: rows in any spelling, some of them twice, some broken, in a file or two of each kind."""
    log, files = draw(shop_logs(shops)), {}
    for kind, rows in vars(log).items():
        lines = []
        for row in rows:
            for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
                lines.append(draw(spelled(row)))
            if draw(st.integers(0, 3)) == 0:
                lines.append(draw(broken_lines(kind, fields_of(row))))
        cut = draw(st.integers(0, len(lines)))
        marks = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
        files[kind] = [marks + b"\n".join(part) + b"\n" * bool(part) for part in (lines[:cut], lines[cut:])]
    return files
