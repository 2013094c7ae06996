"""Is the input a log of the form that its contract states? The first lines of some files tell, without Spark."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from spark_jobs.contract import LogContract, TabSeparated
from spark_jobs.fields import Time
from spark_jobs.shared import input_files
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import GZIP, InputFile

# Enough to know a format, and few enough to read from a slow disk.
FILES_READ, BYTES_READ = 50, 64 * 1024
CHARACTERS_SHOWN = 120

_MAGIC = {
    b"\x1f\x8b": f"gzip data in a file whose name does not end in {GZIP}",
    b"PK\x03\x04": "a ZIP archive",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ\0": "xz data",
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\0": "an SQLite database",
}
_SEPARATORS = {",": "commas", ";": "semicolons", "|": "bars"}
_TAB = "\t"
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_EPOCH = re.compile(rb"\d+(\.\d+)?")


@dataclass(frozen=True)
class Form:
    """The form of a line: how many fields it has with tabs between them, and at which place its time stands."""

    fields: int
    time: int

    @property
    def words(self) -> str:
        """Say what is expected.

        >>> Form(6, 1).words
        '6 fields with tabs between them and no header, the second a time in ISO 8601 with its zone'
        """
        which = _ORDINALS[self.time]
        return (
            f"{self.fields} fields with tabs between them and no header, the {which} a time in ISO 8601 with its zone"
        )

    def has(self, line: bytes) -> bool:
        """Has a line this form?"""
        fields = line.rstrip(b"\r").split(b"\t")
        return len(fields) == self.fields and _TIME.fullmatch(fields[self.time]) is not None


def check_format(files: Sequence[InputFile], contract: LogContract) -> None:
    """Raise InputError where a file is of another format, or no file has a line of the form of an event.

    Looks at the beginning of some files. A line whose fields are bad in another way is not looked at here: data_quality
    rejects it, with its reason.
    """
    # The other formats have names for their fields: what a record lacks is its reason.
    if not isinstance(contract.format, TabSeparated):
        return
    form = form_of(contract)
    full = [file for file in files if file.size]
    looked_at = full[:: max(1, len(full) // FILES_READ)][:FILES_READ]
    beginnings = ((file, beginning(file)) for file in looked_at)
    read = [(file, start) for file, start in beginnings if lines_of(start)]
    foreign = [(file, start) for file, start in read if not _has_events(start, form)]
    other = [(file, start) for file, start in foreign if _known_format(start, form)]
    if other or (foreign and len(foreign) == len(read)):
        file, start = (other or foreign)[0]
        shown = contract.example.replace(_TAB, "<tab>")
        raise InputError(
            f"{file.name} is no {contract.name} log of the form that is read here; found: {describe(start, form)}, "
            f"such as {_line_shown(start)!r}; expected: {form.words}, such as {shown!r}; convert "
            "the log, or name another input"
        )


def form_of(contract: LogContract) -> Form:
    """Return the form of the lines of a tab-separated log."""
    fields = contract.events.fields
    time = next(place for place, field in enumerate(fields) if isinstance(field.type, Time))
    return Form(len(fields), time)


def beginning(file: InputFile) -> bytes:
    """Return the first bytes of a file, decompressed where its name says so, without a byte-order mark of UTF-8."""
    start = input_files.beginning(file, BYTES_READ)
    if file.name.lower().endswith(GZIP):
        start = _decompressed(start)
    return start.removeprefix(codecs.BOM_UTF8)


def _decompressed(start: bytes) -> bytes:
    """Return the text of compressed bytes; none of damaged ones, which are for the job to find and to name."""
    try:
        return zlib.decompressobj(wbits=31).decompress(start, BYTES_READ)
    except zlib.error:
        return b""


def lines_of(start: bytes) -> list[bytes]:
    """Return the lines that are not empty; the last one may be cut."""
    return [line for line in start.split(b"\n") if line.strip()]


def describe(start: bytes, form: Form) -> str:
    """Say what a file that begins so looks like."""
    if known := _known_format(start, form):
        return known
    text = _first_line(start)
    fields = text.split(_TAB)
    if len(fields) > 1:
        time = f", the {_ORDINALS[form.time]} {fields[form.time]!r}" if len(fields) == form.fields else ""
        return f"{len(fields)} fields with tabs between them{time}"
    separator, name = max(_SEPARATORS.items(), key=lambda item: text.count(item[0]))
    return (
        f"{text.count(separator) + 1} fields with {name} between them" if separator in text else "lines without a tab"
    )


def _known_format(start: bytes, form: Form) -> str | None:
    """Name the format that this is for sure, None where it may be a log with bad lines."""
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return name
    if _is_wide(start):
        return "text in UTF-16, not in UTF-8"
    text = _first_line(start)
    if text.startswith(("{", "[")):
        return _json(text)
    fields = text.split(_TAB)
    if len(fields) == form.fields and _EPOCH.fullmatch(fields[form.time].encode()):
        return "a time as a number, such as the seconds since 1970"
    return None


def _has_events(start: bytes, form: Form) -> bool:
    return not _is_wide(start) and any(map(form.has, lines_of(start)))


def _json(text: str) -> str:
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            return f"JSON lines with the fields {', '.join(found)}"
    return "a JSON document"


def _first_line(start: bytes) -> str:
    lines = lines_of(start)
    return lines[0].decode("utf-8", "replace").rstrip("\r") if lines else ""


def _line_shown(start: bytes) -> str:
    text = start.decode("utf-16", "replace").partition("\n")[0] if _is_wide(start) else _first_line(start)
    if text in ("{", "["):
        text = " ".join(start.decode("utf-8", "replace").split())
    return text.replace(_TAB, "<tab>")[:CHARACTERS_SHOWN]


def _is_wide(start: bytes) -> bool:
    # Without a mark it shows by its zeros: every other byte of Latin letters is one, the others are none.
    even, odd = (start[:200][place::2].count(0) for place in (0, 1))
    is_wide = max(even, odd) > len(start[:200]) // 3 and min(even, odd) == 0
    return is_wide or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
