"""How the files of an input begin: enough to know their format, without Spark."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from spark_jobs.shared.input_files import GZIP, InputFile, text_beginning

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


def beginnings(files: Sequence[InputFile]) -> list[tuple[InputFile, bytes]]:
    """Return how some of the files that have a line begin, each with its bytes."""
    full = [file for file in files if file.size]
    looked_at = full[:: max(1, len(full) // FILES_READ)][:FILES_READ]
    return [(file, start) for file, start in ((file, beginning(file)) for file in looked_at) if lines_of(start)]


def beginning(file: InputFile) -> bytes:
    """Return the first bytes of a file, decompressed where its name says so, without a byte-order mark of UTF-8."""
    return text_beginning(file, BYTES_READ).removeprefix(codecs.BOM_UTF8)


def lines_of(start: bytes) -> list[bytes]:
    """Return the lines that are not empty; the last one may be cut."""
    return [line for line in start.split(b"\n") if line.strip()]


def first_line(start: bytes) -> str:
    """Return the first line that is not empty, as text."""
    lines = lines_of(start)
    return lines[0].decode("utf-8", "replace").rstrip("\r") if lines else ""


def foreign_format(start: bytes) -> str | None:
    """Name the format of bytes that are no text in UTF-8; None where they may be one."""
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return name
    return "text in UTF-16, not in UTF-8" if is_wide(start) else None


def is_wide(start: bytes) -> bool:
    """Is it text in UTF-16?"""
    # Without a mark it shows by its zeros: every other byte of Latin letters is one, the others are none.
    even, odd = (start[:200][place::2].count(0) for place in (0, 1))
    wide = max(even, odd) > len(start[:200]) // 3 and min(even, odd) == 0
    return wide or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def line_shown(start: bytes) -> str:
    """Return the first line as a message shows it."""
    text = start.decode("utf-16", "replace").partition("\n")[0] if is_wide(start) else first_line(start)
    if text in ("{", "["):
        text = " ".join(start.decode("utf-8", "replace").split())
    return text.replace("\t", "<tab>")[:CHARACTERS_SHOWN]
