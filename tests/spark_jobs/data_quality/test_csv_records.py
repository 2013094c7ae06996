"""Records and fields of CSV files are those that Python's `csv` reads."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import Records
from spark_jobs.data_quality.csv_records import records_to_read
from spark_jobs.fields import Field, Text
from spark_jobs.shared.csv_headers import read_headers
from spark_jobs.shared.csv_text import fields_of, without_line_end
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.linked_files import link

KIND = Records("rows", fields=(Field("a", Text()), Field("b", Text())), reasons=(), same=())
LONGEST = 2**20
BOM = b"\xef\xbb\xbf"

# What decides where fields and records begin and end, and what does not.
PIECES = st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", "ü", " ", "\\", "x,y\n", '"x,y",z\n', '"x\ny",\n'])
CONTENTS = st.lists(PIECES, max_size=12).map("".join)
HEADERS = st.sampled_from(["a,b\n", "b,a\r\n", '"a","b"\n', 'a,"x\ny",b\n', "a,b,c\r"])
FILES = st.lists(st.tuples(HEADERS, CONTENTS, st.booleans()), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("csv")
    return (root / str(number) for number in count())


def read(spark: SparkSession, place: Path, contents: Sequence[bytes], longest: int = LONGEST) -> list[list[Row]]:
    """Read files by Spark: of each the records with their values, in the order of their lines where Spark tells it."""
    (place / "in").mkdir(parents=True)
    for number, content in enumerate(contents):
        zipped = number % 3 == 1
        (place / "in" / f"{number:03d}.csv{'.gz' if zipped else ''}").write_bytes(
            gzip.compress(content) if zipped else content
        )
    files = list_files(str(place / "in")).files
    records = records_to_read(spark, link(files, place / "links"), read_headers(files, KIND), longest)
    values = fields_of(without_line_end(F.col("line")), F.col("columns.count"))
    rows = records.withColumns({"values": values, "bytes": F.col("line").cast("binary")}).drop("line").collect()
    return [sorted((row for row in rows if row.file_id == number), key=_place) for number in range(len(files))]


def _place(row: Row) -> int:
    return row.line_number or 0


def by_python(content: str) -> tuple[list[list[str]], bool]:
    """Read a file by Python: all records but the header, and whether the quotes of the last one close."""
    rows = list(csv.reader(io.StringIO(content, newline="")))[1:]
    # A quote in quotes at the end: where quotes are open it is the first of two, and elsewhere it is no error.
    try:
        list(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        return rows, not str(error).startswith("unexpected end of data") and _closes(content)
    return rows, True


def _closes(content: str) -> bool:
    """Whether quotes close where `strict` finds another fault first: a record more is one more then."""
    rows = list(csv.reader(io.StringIO(content + "\n\n", newline="")))
    return rows[-1:] == [[]]


@given(FILES)
@example([("a,b\n", 'x,"y\n', False), ("b,a\r\n", "a,b\nb,a\r\nx,y\n", False), ("a,b\n", 'x"y,z\nx,"y"z\nx,y', True)])
def test_records_are_those_of_pythons_csv(
    spark: SparkSession, places: Iterator[Path], files: list[tuple[str, str, bool]]
) -> None:
    texts = [header + content for header, content, _ in files]
    marks = [BOM if mark else b"" for _, _, mark in files]
    found = read(spark, next(places), [mark + text.encode() for mark, text in zip(marks, texts, strict=True)])
    for text, rows in zip(texts, found, strict=True):
        expected, closes = by_python(text)
        assert [row.is_closed for row in rows] == [True] * (len(expected) - 1) + [closes] * bool(expected)
        read_rows = [_read(row) for row in rows if row.is_closed]
        comparable = [_comparable(row, text) for row in (expected if closes else expected[:-1])]
        assert sorted(read_rows, key=str) == sorted(comparable, key=str)
        if any(row.line_number for row in rows):
            assert read_rows == comparable


def _read(row: Row) -> list[str] | None:
    return row["values"] if row["values"] is not None and len(row["values"]) == row.columns["count"] else None


def _comparable(row: list[str], text: str) -> list[str] | None:
    columns = len(next(csv.reader(io.StringIO(text, newline=""))))
    return row if len(row) == columns else None


def test_places_are_those_of_each_files_header(spark: SparkSession, tmp_path: Path) -> None:
    found = read(spark, tmp_path, [b"a,b\n1,2\n", b"c,b,a\n1,2,3\n", b"b,a\n1,2\n"])
    assert [(row.columns["count"], row.columns.places) for (row,) in found] == [(2, [0, 1]), (3, [2, 1]), (2, [1, 0])]


def test_only_files_with_records_of_several_lines_are_unsplit(spark: SparkSession, tmp_path: Path) -> None:
    plain, quoted, several = b"a,b\nx,y\n", b'a,b\n"x,""y",\r\n', b'a,b\n1,1\n"x\r\ny",2\n3,3'
    found = read(spark, tmp_path, [plain, quoted, several])
    assert [[(row.bytes, row.line_number) for row in rows] for rows in found] == [
        [(b"x,y", None)],
        [(b'"x,""y",\r', None)],
        [(b"1,1", 2), (b'"x\r\ny",2', 3), (b"3,3", 5)],
    ]


def test_unclosed_quote_keeps_only_its_beginning(spark: SparkSession, tmp_path: Path) -> None:
    ((good, open_record),) = read(spark, tmp_path, [b'a,b\nx,y\n\xff,"' + "ü\n".encode() * 1000], longest=100)
    assert (good.bytes, good.is_closed) == (b"x,y", True)
    assert not open_record.is_closed
    assert open_record.line_number == 3
    # A little more than may be: no half of a character.
    assert open_record.bytes == b'\xff,"' + "ü\n".encode() * 33 + "ü".encode()
