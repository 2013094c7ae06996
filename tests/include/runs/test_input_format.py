from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from include.runs import file_beginnings
from include.runs.input_format import check_format
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import list_files

GOOD = b"user_000001\t2009-05-04T23:08:57Z\t\tArtist\t\tSong\n"
BAD = b"user_000001\ttoday\t\tArtist\t\tSong\n"
LAST_FM = b"Artist,Album,Song,04 May 2009 23:08\n"
SPOTIFY = b'[\n  {\n    "endTime" : "2021-05-04 23:08",\n    "artistName" : "Artist"\n  }\n]\n'
JSON_LINES = b'{"ts": "2021-05-04T23:08:57Z", "artist": "Artist"}\n'
EPOCH = b"user_000001\t1241478537\t\tArtist\t\tSong\n"


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes(byte ^ 0xFF for byte in content[place : place + 30]) + content[place + 30 :]


def check(directory: Path, **files: bytes) -> None:
    for name, content in files.items():
        (directory / name.replace("__", ".")).write_bytes(content)
    check_format(LISTENING, str(directory), list_files(str(directory)).files)


@pytest.mark.parametrize(
    ("content", "found", "example"),
    [
        pytest.param(LAST_FM, "4 fields with commas between them", "Artist,Album,Song,04 May 2009 23:08", id="CSV"),
        pytest.param(GOOD.replace(b"\t", b";"), "6 fields with semicolons", "user_000001;2009-", id="semicolons"),
        pytest.param(SPOTIFY, "a JSON document", '[ { "endTime" : "2021-05-04 23:08"', id="JSON"),
        pytest.param(JSON_LINES, "JSON lines with the fields ts, artist", '{"ts": ', id="JSON lines"),
        pytest.param(EPOCH, "a time as a number", "user_000001<tab>1241478537<tab>", id="epoch seconds"),
        pytest.param(b"user\tartist\tsong\n" * 3, "3 fields with tabs", "user<tab>artist<tab>song", id="three fields"),
        pytest.param(BAD, "6 fields with tabs between them, the second 'today'", "user_000001<tab>today", id="no time"),
        pytest.param(b"id\ttime\n" + EPOCH, "2 fields with tabs", "id<tab>time", id="a header, too"),
        pytest.param(GOOD.decode().encode("utf-16"), "text in UTF-16", "user_000001<tab>2009", id="UTF-16"),
        pytest.param(GOOD.decode().encode("utf-16-le"), "text in UTF-16", "user_000001<tab>2009", id="without mark"),
        pytest.param(gzip.compress(GOOD), "gzip data in a file whose name does not end in .gz", "", id="gzip"),
        pytest.param(b"PK\x03\x04rest", "a ZIP archive", "PK", id="ZIP"),
        pytest.param(b"2009-05-04 GET /\n", "lines without a tab", "2009-05-04 GET /", id="another log"),
    ],
)
def test_another_format_is_refused_with_examples(tmp_path: Path, content: bytes, found: str, example: str) -> None:
    with pytest.raises(InputError) as raised:
        check(tmp_path, log=content)
    said = str(raised.value)
    assert said.startswith(f"{tmp_path}/log is no listening log of the form that is read here; found: {found}")
    assert example in said
    assert "expected: 6 fields with tabs between them and no header" in said
    assert "such as 'user_000001<tab>2009-05-04T23:08:57Z<tab><tab>An Artist<tab><tab>A Song'" in said


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"log": GOOD}, id="a log"),
        pytest.param({"log": codecs.BOM_UTF8 + GOOD}, id="with a mark"),
        pytest.param({"log": GOOD.replace(b"\n", b"\r\n")}, id="CRLF"),
        pytest.param({"log__gz": gzip.compress(GOOD * 100_000)}, id="compressed"),
        pytest.param({"log__gz": gzip.compress(GOOD)[:-12]}, id="cut, which the job finds"),
        pytest.param({"log": BAD * 50 + GOOD}, id="bad times, which the job rejects"),
        pytest.param({"log": b"\0" * 100 + b"\n" + GOOD}, id="zeros, as a power cut leaves"),
        pytest.param({"log__gz": flipped(gzip.compress(GOOD * 100), 15)}, id="damaged .gz, which the job finds"),
        pytest.param({"log": b"odd\n" * 15 + GOOD}, id="odd lines first"),
        pytest.param({"log": b"user\ttime\tid\tartist\tid\tsong\n" + GOOD}, id="a header"),
        pytest.param({"1": b"odd\n", "2": GOOD}, id="an odd file beside a log"),
        pytest.param({"1": b"", "2": b"\n\n"}, id="no line"),
    ],
)
def test_a_log_passes_whatever_its_lines_lack(tmp_path: Path, files: dict[str, bytes]) -> None:
    check(tmp_path, **files)


def test_one_file_of_another_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"/log\.answer\.json is no listening log .* found: a JSON document"):
        check(tmp_path, log=GOOD, log__answer__json=SPOTIFY)


def test_few_of_many_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = file_beginnings.beginning
    monkeypatch.setattr(file_beginnings, "beginning", lambda file: opened.append(file.name) or real(file))
    check(tmp_path, **{f"{number:03d}": GOOD for number in range(200)})
    assert opened == [f"{tmp_path}/{number:03d}" for number in range(0, 200, 4)]
