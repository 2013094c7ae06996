"""`make data` against servers of this machine: good ones, and those that cut, forget, change and fall silent."""

from __future__ import annotations

import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import data
from cli.data import ARCHIVE, LISTENS, PAGE
from tests.cli.archive_source import FILES, PROFILES, Source, md5, member, packed, serving
from tests.conftest import PROJECT

HALF = 200_000
PART = f"{ARCHIVE}.part"
NOWHERE = "http://127.0.0.1:9/archive.tar.gz"


@pytest.fixture
def source() -> Iterator[Source]:
    with serving() as source:
        yield source


@dataclass
class Person:
    """Somebody who calls make data, and the directory that they have for it."""

    directory: Path
    source: Source
    capsys: pytest.CaptureFixture[str]

    def makes_data(self, url: str = "", **published: Any) -> tuple[int, str]:
        """Call it, and get its exit code and what it printed."""
        code: Any = 0
        try:
            data.get(self.directory, url, replace(self.source.published, **published))
        except SystemExit as end:
            code = end.code
        return code, self.capsys.readouterr().out.rstrip("\n")

    def is_cut_off(self) -> str:
        """Call it while the source breaks off after half of the archive, and get the last line it printed."""
        self.source.cuts_after = HALF
        code, printed = self.makes_data()
        self.source.cuts_after = None
        assert code == 1
        return last_line(printed)

    @property
    def files(self) -> dict[str, bytes]:
        """All that is in the directory but the lock."""
        return {path.name: path.read_bytes() for path in self.directory.iterdir() if path.name != "in-use"}

    @property
    def has_all(self) -> bool:
        return self.files == {**FILES, ARCHIVE: self.source.content}


@pytest.fixture
def person(
    tmp_path: Path, source: Source, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Person:
    # A space and brackets, which a shell and rich would take for theirs.
    directory = tmp_path / "data of [all]"
    directory.mkdir()
    # On which nobody answers, and which is not to be asked for what is on this machine.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    return Person(directory, source, capsys)


def last_line(printed: str) -> str:
    return printed.rpartition("\n")[2]


def test_download_gives_files_terms_and_next_command(person: Person) -> None:
    code, printed = person.makes_data()
    assert code == 0
    assert person.has_all
    assert f"non-commercial use; its terms: {PAGE}" in printed
    assert last_line(printed) == f"Now: make run INPUT='{person.directory / LISTENS}'"


def test_second_call_compares_md5s_without_network(person: Person) -> None:
    person.makes_data()
    (person.directory / ARCHIVE).unlink()
    code, printed = person.makes_data(urls=(NOWHERE,))
    assert code == 0
    assert "Nothing to do: the files are there, and their MD5s are the published ones" in printed
    assert person.files == FILES


def test_hand_placed_archive_needs_no_network(person: Person) -> None:
    (person.directory / ARCHIVE).write_bytes(person.source.content)
    (person.directory / PROFILES).write_bytes(FILES[PROFILES])
    assert person.makes_data(urls=(NOWHERE,))[0] == 0
    assert person.has_all


@pytest.mark.parametrize("name", [LISTENS, ARCHIVE])
def test_hand_placed_wrong_file_is_named_and_kept(person: Person, name: str) -> None:
    (person.directory / name).write_bytes(b"mine")
    code, printed = person.makes_data()
    published = {ARCHIVE: md5(person.source.content), LISTENS: md5(FILES[LISTENS])}[name]
    assert code == 1
    assert last_line(printed) == (
        f"Fetching the data failed: {person.directory / name} has MD5 {md5(b'mine')}, published is {published}; "
        "move it away and run make data again"
    )
    assert person.files == {name: b"mine"}


@pytest.mark.parametrize(
    "validator", [{"ETag": '"md5:a79a"'}, {"ETag": 'W/"weak"', "Last-Modified": "Wed, 05 May 2010 10:00:00 GMT"}]
)
def test_interrupted_download_continues_from_its_end(person: Person, validator: dict[str, str]) -> None:
    person.source.validator = validator
    said = person.is_cut_off()
    assert said.startswith(f"Fetching the data failed: {person.source.address} was cut off (")
    assert said.endswith(
        f"run make data again: {person.directory / PART} has 200.0 kB, the next call goes on from there"
    )
    assert person.files[PART] == person.source.content[:HALF]

    code, printed = person.makes_data()
    assert code == 0
    assert "Going on after 200.0 kB of an earlier call" in printed
    assert person.source.asked[1]["Range"] == f"bytes={HALF}-"
    assert person.source.asked[1]["If-Range"] == list(validator.values())[-1]
    assert person.has_all


@pytest.mark.parametrize("validator", [{}, {"ETag": 'W/"weak"'}])
def test_download_without_strong_validator_starts_over(person: Person, validator: dict[str, str]) -> None:
    person.source.validator = validator
    assert person.is_cut_off().endswith("run make data again: the next call begins the unfinished step anew")
    assert person.makes_data()[0] == 0
    assert "Range" not in person.source.asked[1]
    assert person.has_all


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"knows_ranges": False}, id="ignores ranges"),
        pytest.param({"content": packed(member("new")), "validator": {"ETag": '"second"'}}, id="has another version"),
    ],
)
def test_source_that_cannot_resume_is_read_from_start(person: Person, change: dict[str, Any]) -> None:
    person.is_cut_off()
    vars(person.source).update(change)
    code, printed = person.makes_data()
    assert code == 0
    assert "another version now, or cannot go on in the middle: beginning anew" in printed
    assert person.has_all


def test_response_with_wrong_range_is_not_appended(person: Person) -> None:
    person.is_cut_off()
    person.source.shifts_ranges_by = 7
    assert person.makes_data()[0] == 0
    assert person.has_all


def test_mixed_versions_are_detected_and_removed(person: Person) -> None:
    person.is_cut_off()
    person.source.knows_if_range = False
    person.source.content = person.source.content[:10] + b"!" + person.source.content[11:]
    code, printed = person.makes_data()
    assert code == 1
    assert "it was removed: run make data again" in last_line(printed)
    assert person.files == {}


@pytest.mark.parametrize(
    ("more", "requests"), [pytest.param(b"", 2, id="whole"), pytest.param(b"more", 3, id="longer than the source's")]
)
def test_complete_part_is_checked_longer_one_fetched_again(person: Person, more: bytes, requests: int) -> None:
    person.is_cut_off()
    (person.directory / PART).write_bytes(person.source.content + more)
    assert person.makes_data()[0] == 0
    assert len(person.source.asked) == requests
    assert person.has_all


def test_archive_with_wrong_md5_is_removed_and_reported(person: Person) -> None:
    code, printed = person.makes_data(archive_md5="0" * 32)
    assert code == 1
    assert f"has MD5 {md5(person.source.content)}, published is {'0' * 32}; it was removed" in last_line(printed)
    assert person.files == {}


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        pytest.param(
            {**FILES, PROFILES: b"?"}, f"has MD5 {md5(b'?')}, published is {md5(FILES[PROFILES])}", id="another"
        ),
        pytest.param({LISTENS: FILES[LISTENS]}, "is not there", id="none"),
    ],
)
def test_an_archive_with_one_wrong_file_leaves_none(person: Person, files: dict[str, bytes], fault: str) -> None:
    person.source.content = packed(files=files)
    code, printed = person.makes_data()
    assert code == 1
    assert f"{PROFILES} {fault}; nothing was unpacked" in last_line(printed)
    assert person.files == {ARCHIVE: person.source.content}


@pytest.mark.parametrize(
    "evil",
    [
        pytest.param(member("../evil"), id="above"),
        pytest.param(member(f"lastfm-dataset-1K/../../{PROFILES}"), id="above by a detour, a wanted name"),
        pytest.param(member("/evil"), id="absolute"),
        pytest.param(member("inside", tarfile.SYMTYPE, "lastfm-dataset-1K"), id="symlink within"),
        pytest.param(member(PROFILES, tarfile.SYMTYPE, "/etc/passwd"), id="symlink out, a wanted name"),
        pytest.param(member(PROFILES, tarfile.LNKTYPE, f"lastfm-dataset-1K/{LISTENS}"), id="hard link"),
        pytest.param(member("device", tarfile.CHRTYPE), id="device"),
        pytest.param(member("pipe", tarfile.FIFOTYPE), id="pipe"),
    ],
)
def test_archive_that_writes_elsewhere_is_refused_whole(person: Person, tmp_path: Path, evil: tarfile.TarInfo) -> None:
    person.source.content = packed(evil)
    code, printed = person.makes_data()
    assert code == 1
    assert f"{ARCHIVE} holds '{evil.name}', allowed are only files and directories" in last_line(printed)
    assert person.files == {ARCHIVE: person.source.content}
    assert list(tmp_path.iterdir()) == [person.directory]


def test_download_other_than_archive_gets_one_line(person: Person) -> None:
    person.source.content = b"<html>Please log in</html>"
    code, printed = person.makes_data()
    assert code == 1
    assert last_line(printed).startswith("Fetching the data failed: not a gzip file")


def test_unreachable_server_gets_one_line_at_once(person: Person) -> None:
    started = time.monotonic()
    command = [sys.executable, "-m", "cli", "data", f"--data={person.directory}", f"--url={NOWHERE}"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert time.monotonic() - started < data.TIMEOUT.read
    assert (run.returncode, run.stderr) == (1, "")
    said = last_line(run.stdout.rstrip("\n"))
    assert said.startswith(f"Fetching the data failed: nothing came from {NOWHERE} ([Errno ")
    assert said.endswith(
        f"check network and address, or download {NOWHERE} or {' or '.join(data.PIPELINE_1K.urls)} by hand, "
        f"put it at {person.directory / ARCHIVE} and run make data again"
    )
    assert person.files == {}


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:port/"])
def test_an_address_that_is_none_gets_one_line(person: Person, address: str) -> None:
    code, printed = person.makes_data(url=address)
    assert code == 1
    assert last_line(printed).startswith(f"Fetching the data failed: nothing came from {address} (")


@pytest.mark.parametrize(("status", "words"), [(404, "Not Found"), (503, "Service Unavailable"), (204, "No Content")])
def test_refusal_is_reported_and_earlier_part_is_kept(person: Person, status: int, words: str) -> None:
    person.is_cut_off()
    person.source.status = status
    code, printed = person.makes_data()
    assert code == 1
    assert f"nothing came from {person.source.address} (the answer is {status} {words})" in last_line(printed)
    assert person.files[PART] == person.source.content[:HALF]


def test_a_source_that_falls_silent_is_given_up(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "TIMEOUT", httpx.Timeout(30, read=2))
    person.source.stalls_after = HALF
    code, printed = person.makes_data()
    assert code == 1
    assert "was cut off (timed out)" in last_line(printed)


def another_process(person: Person) -> subprocess.Popen[str]:
    """One that fetches what this source has, and that Ctrl-C reaches, also where the tests run in the background."""
    program = f"""
from pathlib import Path
from cli.data import Published, get
get(Path({str(person.directory)!r}), "", {person.source.published!r})
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_next_call_continues_download_after_ctrl_c(person: Person) -> None:
    person.source.stalls_after = HALF
    part = person.directory / PART
    with another_process(person) as process:
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = last_line(process.communicate(timeout=30)[0].rstrip("\n"))
    assert process.returncode == 128 + signal.SIGINT
    assert said.startswith(f"Stopped: {part} has ")
    assert said.endswith(" kB, the next call goes on from there")

    person.source.stalls_after = None
    assert person.makes_data()[0] == 0
    assert "Range" in person.source.asked[1]
    assert person.has_all


def test_second_call_at_once_waits_for_first(person: Person) -> None:
    person.source.stalls_after = HALF
    with another_process(person) as first:
        while not person.source.asked:
            assert first.poll() is None
            time.sleep(0.05)
        with another_process(person) as second:
            assert second.stdout
            assert second.stdout.readline() == "Another make data is under way: waiting for it to end ...\n"
            second.kill()
        first.kill()
    assert len(person.source.asked) == 1
