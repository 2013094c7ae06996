"""Lines of CSV files put together to records, for files of which a record may have several lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from spark_jobs.shared.csv_patterns import FIELD, RECORD, REST_OF_FIELD

Batches = Iterable[pa.RecordBatch]
# Of what `stitcher` takes, and of what it gives.
LINES = "value binary, file_id int"
STITCHED = "line binary, file_id int, line_number long, is_closed boolean"


def stitcher(longest: int) -> Callable[[Batches], Batches]:
    """Return what turns the lines of files into records, for `mapInArrow`.

    Takes batches of LINES: all lines of a file, one after the other. Gives batches of STITCHED. They have
    a record as it came without its last LF, the number of the line on which it begins (from 1), and whether its quotes
    close. Where they do not, the number is that of the line on which they open. The header, the first record of each
    file, is left out. Of a record only the first bytes are kept, a little more than `longest`.
    """
    patterns = [pattern.encode() for pattern in (RECORD, FIELD, REST_OF_FIELD)]

    # All within one function that looks at nothing outside: Spark sends it as it is to its Python processes, which need
    # not find our packages.
    def stitch(batches: Batches) -> Batches:
        import codecs
        import re

        import pyarrow as pa

        record, field, rest_of_field = (re.compile(pattern) for pattern in patterns)
        # Of a longer record so much is kept, less what is half a character.
        comma, most = ord(","), longest + 4
        types = {"line": pa.binary(), "file_id": pa.int32(), "line_number": pa.int64(), "is_closed": pa.bool_()}

        def pieces(line: bytes, is_open: bool) -> Iterator[tuple[int, int, int | None]]:
            """Yield where the records in a line begin and end, or the parts of them.

            And where a quote opens that is open at the end: -1 where it was open before, None where there is none.
            """
            start = place = 0
            while True:
                found = (rest_of_field if is_open else field).match(line, place)
                if not found:
                    yield start, len(line), -1 if is_open else place
                    return
                is_open, place = False, found.end()
                if place == len(line) or line[place] != comma:
                    yield start, min(place + 1, len(line)), None
                    start = place + 1
                    if start >= len(line):
                        return
                place += 1

        def cut(text: bytes) -> bytes:
            """Return the beginning of a text, without half a character at its end."""
            beginning = text[:most]
            return beginning[: codecs.utf_8_decode(beginning, "surrogateescape", False)[1]]

        class Records:
            """The records of a batch of lines, and the one that is open, of one file after the other."""

            def __init__(self) -> None:
                self.file, self.line, self.is_header = -1, 0, True
                self.parts: list[bytes] = []
                self.size = self.began_on = self.opened_on = 0
                self.ended: list[list[Any]] = [[] for _ in types]

            def take(self) -> pa.RecordBatch:
                """Return the records that have ended since the last time."""
                columns = [pa.array(*one) for one in zip(self.ended, types.values(), strict=True)]
                self.ended = [[] for _ in types]
                return pa.RecordBatch.from_arrays(columns, list(types))

            def add(self, line: bytes) -> None:
                self.line += 1
                if self.line == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                is_plain = b'"' not in line and b"\r" not in line
                if not self.parts and (is_plain or record.fullmatch(line)):
                    self.append(line, self.line, True)
                else:
                    self.add_pieces(line)
                # To people a CR alone ends a line.
                self.line += 0 if is_plain else line.count(b"\r", 0, -1)

            def add_pieces(self, line: bytes) -> None:
                for start, end, opened in pieces(line, bool(self.parts)):
                    if not self.parts:
                        self.began_on, self.size = self.line + line.count(b"\r", 0, start), 0
                    if self.size <= most:
                        self.parts.append(line[start:end])
                    self.size += end - start + 1
                    if opened is None:
                        self.end(True)
                    elif opened >= 0:
                        self.opened_on = self.line + line.count(b"\r", 0, opened)

            def end(self, is_closed: bool) -> None:
                if self.parts:
                    text = b"\n".join(self.parts)
                    text = cut(text) if len(text) > longest else text
                    self.append(text, self.began_on if is_closed else self.opened_on, is_closed)
                    self.parts = []

            def append(self, text: bytes, line: int, is_closed: bool) -> None:
                if self.is_header:
                    self.is_header = False
                    return
                for column, value in zip(self.ended, (text, self.file, line, is_closed), strict=True):
                    column.append(value)

            def begin(self, file: int) -> None:
                """Begin a file; a record that is open is the rest of the one before."""
                self.end(False)
                self.file, self.line, self.is_header = file, 0, True

        records = Records()
        for batch in batches:
            for line, file in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
                if file != records.file:
                    records.begin(file)
                records.add(line)
            yield records.take()
        records.end(False)
        yield records.take()

    return stitch
