"""The bytes of a CSV file to its header and its records, by Python's csv module."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass

# A quote that never closes may hold megabytes.
csv.field_size_limit(sys.maxsize)


class HeaderError(ValueError):
    """A header that repeats a column or lacks one."""


@dataclass(frozen=True)
class Record:
    """The fields of a record, and the line it begins on, from 1.

    `open_quote` is the line on which a quote began that never closes, 0 of a good record.
    """

    fields: list[str]
    line: int
    open_quote: int = 0

    @property
    def is_utf_8(self) -> bool:
        """Say whether all bytes were UTF-8: a byte that was not is half a surrogate pair."""
        return not any("\ud800" <= character <= "\udfff" for field in self.fields for character in field)


class _Lines:
    """Lines that know whether a reader wanted more of them than there are."""

    def __init__(self, lines: list[str]) -> None:
        self.lines, self.ran_out = lines, False

    def __iter__(self) -> Iterator[str]:
        yield from self.lines
        self.ran_out = True


def records_of(content: bytes) -> list[Record]:
    """Return all records of a file, the header first.

    A line ends at LF, CR LF or CR, as Python's csv module has it. A quote opens at the start of a field only; text
    after a closing quote belongs to the field. A byte-order mark counts at the start of the file alone.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    source, records, begins = _Lines(lines), [], 1
    reader = csv.reader(source)
    for fields in reader:
        # A reader asks for another line within quotes only.
        open_quote = _line_of_last_field(lines, begins, len(fields)) if source.ran_out else 0
        records.append(Record(fields, begins, open_quote))
        begins = reader.line_num + 1
    return records


def _line_of_last_field(lines: list[str], begins: int, fields: int) -> int:
    """Return the line on which the last field of a record begins: the first up to which it has as many fields."""
    for end in range(begins, len(lines) + 1):
        (record,) = csv.reader(iter(lines[begins - 1 : end]))
        if len(record) == fields:
            return end
    raise AssertionError("the whole record has its fields")


def header_of(records: list[Record], known: tuple[str, ...]) -> list[str]:
    """Return the names of a file's columns, or raise HeaderError.

    A file without a line has no header; nor has one whose first line does not end, by an open quote. A name is exact:
    white space and case count. A repeated name that is not known is an error, too.
    """
    names = records[0].fields if records and not records[0].open_quote else []
    repeated = sorted({name for name in names if names.count(name) > 1})
    lacking = [name for name in known if name not in names]
    if repeated or lacking:
        raise HeaderError(f"repeated columns: {repeated}, missing columns: {lacking}")
    return names
