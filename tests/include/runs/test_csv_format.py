"""Refusing CSV files that lack the columns of their kind, by a word for each fault."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from include.runs.input_format import check_format
from spark_jobs.logs.notes.contract import NOTES, USERS
from spark_jobs.shared.csv_headers import BYTES_READ, Columns, read_headers, unknown_columns
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import list_files

HEADER = "user_id,join_date,country,device_type,device_year,subscription_type"
LINE = "ann,2024-05-01,DE,phone,2020,free"


def write(directory: Path, *contents: bytes) -> None:
    (directory / "users").mkdir()
    for number, content in enumerate(contents):
        ending = ".csv.gz" if content.startswith(b"\x1f\x8b") else ".csv"
        (directory / "users" / f"{number}{ending}").write_bytes(content)


def check(directory: Path) -> None:
    check_format(NOTES, str(directory), list_files(str(directory)).files)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(LINE, "the header of {file} lacks 'user_id', 'join_date', 'country'", id="no header"),
        pytest.param(HEADER.replace("country", "Country"), "lacks 'country'; found: the names 'user_id'", id="capital"),
        pytest.param(f"{HEADER},user_id", "the header of {file} has 'user_id' twice", id="a name twice"),
        pytest.param(f"{HEADER},x,x", "the header of {file} has 'x' twice", id="an unknown name twice"),
        pytest.param(HEADER.replace(",", ";"), "found: semicolons between its names", id="semicolons"),
        pytest.param(HEADER.replace(",", "\t"), "found: tabs between its names", id="tabs"),
        pytest.param("", "{file} has no header: it is empty", id="an empty file"),
        pytest.param(f"\n{HEADER}\n{LINE}", "{file} has no header", id="an empty line first"),
        pytest.param(f'"{HEADER}\n{LINE}\n', "{file} has no header", id="an unclosed quote"),
        pytest.param(f"{HEADER},{'x' * BYTES_READ}", "{file} has no header", id="no end"),
        pytest.param(f"{HEADER}\n".encode("utf-16"), "{file} has no users; found: text in UTF-16", id="UTF-16"),
        pytest.param(b"PK\x03\x04rest", "{file} has no users; found: a ZIP archive", id="ZIP"),
    ],
)
def test_file_without_its_header_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    good = f"{HEADER}\n{LINE}\n".encode()
    write(tmp_path, good, content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as raised:
        check(tmp_path)
    assert said.format(file=f"{tmp_path}/users/1.csv") in str(raised.value)
    assert HEADER.replace(",", ", ") in str(raised.value) or f"{HEADER};" in str(raised.value) or "twice" in said


def test_every_file_of_many_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, *([f"{HEADER}\n".encode()] * 150), b"colour\n")
    with pytest.raises(InputError, match=r"users/150\.csv lacks 'user_id'"):
        check(tmp_path)


def test_headers_of_any_form_are_read(tmp_path: Path) -> None:
    forms = [
        codecs.BOM_UTF8 + HEADER.encode(),
        gzip.compress(f"{HEADER}\r\n{LINE}".encode()),
        f'"a,""b""\nc",{HEADER.replace("country", chr(34) + "country" + chr(34))}\r{LINE}'.encode(),
        f"subscription_type,{HEADER.removesuffix(',subscription_type')},colour\n".encode(),
        f"{HEADER},\xfcber\n".encode("latin-1"),
    ]
    write(tmp_path, *forms)
    check(tmp_path)
    files = list_files(str(tmp_path)).files
    headers = read_headers(files, USERS)
    in_order = (0, 1, 2, 3, 4, 5)
    assert [(header.columns, header.is_line) for header in headers] == [
        (Columns(6, in_order), True),
        (Columns(6, in_order), True),
        (Columns(7, (1, 2, 3, 4, 5, 6)), False),
        (Columns(7, (1, 2, 3, 4, 5, 0)), True),
        (Columns(7, in_order), False),
    ]
    assert headers[0].line == HEADER.encode()
    assert unknown_columns(files, headers)[1] == f"{tmp_path}/users/3.csv: the column 'colour' is not known"


def test_column_that_many_files_have_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, *([f"{HEADER},colour\n".encode()] * 3))
    files = list_files(str(tmp_path)).files
    told = unknown_columns(files, read_headers(files, USERS))
    assert told == [f"{tmp_path}/users/0.csv: the column 'colour' is not known; 2 more of the files have it"]
