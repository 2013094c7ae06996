"""The header of each CSV file: read without Spark, it says at which place of a record each field stands."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spark_jobs.contract import Records
from spark_jobs.shared.csv_patterns import RECORD
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import InputFile, text_beginning

# A header is far shorter.
BYTES_READ = 64 * 1024
# An object store answers each request after a while, and many at once.
_READ_AT_ONCE = 16
_NAMES_SHOWN, _CHARACTERS_SHOWN = 10, 40
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_ADVICE = "write one, with commas, or put the file elsewhere"


@dataclass(frozen=True)
class Columns:
    """How many columns the records of a file have, and the place of each field of the contract, from 0."""

    count: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """The header of a file: its columns, the names that the contract lacks, and its first line, without a
    byte-order mark.

    `is_line`: the header is that line, and the line is UTF-8.
    """

    columns: Columns
    unknown: tuple[str, ...]
    line: bytes
    is_line: bool


def read_headers(files: Sequence[InputFile], records: Records) -> list[Header]:
    """Return the header of each file of a kind.

    Raises InputError that names the file where it has none, or where one lacks a field or has a name twice.
    """
    with ThreadPoolExecutor(_READ_AT_ONCE) as readers:
        return list(readers.map(lambda file: _header(file, text_beginning(file, BYTES_READ), records), files))


def unknown_columns(files: Sequence[InputFile], headers: Sequence[Header]) -> list[str]:
    """Say which columns are in some header and not in the contract, each once and with a file that has it."""
    having: dict[str, list[str]] = {}
    for file, header in zip(files, headers, strict=True):
        for name in header.unknown:
            having.setdefault(name, []).append(file.name)
    return [
        f"{names[0]}: the column {name!r} is not known"
        + (f"; {len(names) - 1:,} more of the files have it" if names[1:] else "")
        for name, names in having.items()
    ]


def _header(file: InputFile, start: bytes, records: Records) -> Header:
    text = start.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    found = re.match(RECORD, text)
    behind = text[found.end() : found.end() + 1] if found else ""
    is_ended = behind == "\n" or (not behind and len(start) < BYTES_READ)
    header = found[0] if found and (is_ended or found[0].endswith("\r")) else ""
    names = next(csv.reader(io.StringIO(header.removesuffix("\r"), newline="")), [])
    if not names:
        raise InputError(
            f"{file.name} has no header: it is empty, damaged, or has a quote at its beginning that does not close; "
            f"expected: {_expected(records)}; {_ADVICE}"
        )
    _check(file, names, records)
    known = {one.name for one in records.fields}
    line = start.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0]
    return Header(
        columns=Columns(len(names), tuple(names.index(one.name) for one in records.fields)),
        unknown=tuple(name for name in names if name not in known),
        line=line,
        is_line=is_ended and "\n" not in header and _is_utf_8(line),
    )


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check(file: InputFile, names: list[str], records: Records) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    missing = [one.name for one in records.fields if one.name not in names]
    if twice:
        raise InputError(f"the header of {file.name} has {_listed(twice)} twice; a name is allowed once: {_ADVICE}")
    if missing:
        separator = next((mark for mark in _OTHER_SEPARATORS if len(names) == 1 and mark in names[0]), "")
        found = f"{_OTHER_SEPARATORS[separator]} between its names" if separator else f"the names {_listed(names)}"
        raise InputError(
            f"the header of {file.name} lacks {_listed(missing)}; found: {found}; expected, in any order: "
            f"{_expected(records)}; {_ADVICE}"
        )


def _expected(records: Records) -> str:
    return ",".join(one.name for one in records.fields)


def _listed(names: Sequence[str]) -> str:
    shown, more = names[:_NAMES_SHOWN], len(names) - _NAMES_SHOWN
    listed = ", ".join(repr(name[:_CHARACTERS_SHOWN]) for name in shown)
    return f"{listed} and {more} more" if more > 0 else listed
