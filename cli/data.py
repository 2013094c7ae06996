"""Fetch the LastFM-1K listening log, check it, and leave it ready for `make run`."""

from __future__ import annotations

import hashlib
import os
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

import httpx
import rich.progress as bars
from rich.filesize import decimal
from typer import Option

from cli.environment import past_proxies, sole_use
from cli.options import home
from cli.stopping import Stopped, stop_at_signals
from cli.terminal import console, plain, sentence
from spark_jobs.shared.commands import how_to_type

ARCHIVE = "lastfm-dataset-1K.tar.gz"
LISTENS = "userid-timestamp-artid-artname-traid-traname.tsv"
PAGE = "http://ocelma.net/MusicRecommendationDataset/lastfm-1K.html"
# Seconds to connect, and between two pieces of the file.
TIMEOUT = httpx.Timeout(30, connect=10)
CHUNK_BYTES = 1 << 20
COLUMNS = (*bars.Progress.get_default_columns(), bars.DownloadColumn(), bars.TransferSpeedColumn())


class DataError(Exception):
    """The data cannot be had or is not what is published; the message says what to do."""


@dataclass(frozen=True)
class Published:
    """Where the archive can be had, best place first, its MD5, and the MD5 of each file that is wanted of it."""

    urls: tuple[str, ...]
    archive_md5: str
    file_md5s: Mapping[str, str]


# The files' MD5s stand on PAGE. The archive's stands in its Zenodo record, which the university that also serves the
# older address calls the canonical place: https://github.com/ismir/mir-datasets/pull/42.
PIPELINE_1K = Published(
    urls=(
        f"https://zenodo.org/records/6090214/files/{ARCHIVE}",
        f"http://mtg.upf.edu/static/datasets/last.fm/{ARCHIVE}",
    ),
    archive_md5="a79a6808f54f73354789a9fb02cb1e41",
    file_md5s={LISTENS: "64747b21563e3d2aa95751e0ddc46b68", "userid-profile.tsv": "c53608b6b445db201098c1489ea497df"},
)


class Partial:
    """The first bytes of a download, and beside them their validator: how the server names this version of the file."""

    def __init__(self, archive: Path) -> None:
        self.path = archive.with_name(f"{archive.name}.part")
        self._validator = archive.with_name(f"{archive.name}.part.version")

    def size(self) -> int:
        """Return how many bytes there are to go on from; 0 where their version of the file is not known."""
        return self.path.stat().st_size if self.path.exists() and self.validator() else 0

    def validator(self) -> str:
        """A strong ETag or a Last-Modified date, as `If-Range` wants it; empty if the server gave neither."""
        return self._validator.read_text() if self._validator.exists() else ""

    def begin(self, headers: httpx.Headers) -> None:
        """Forget the old bytes, and only then note the new validator: it must never vouch for them."""
        self.discard()
        etag = headers.get("ETag", "W/")
        self._validator.write_text(headers.get("Last-Modified", "") if etag.startswith("W/") else etag)

    def discard(self) -> None:
        """Remove it all."""
        self.path.unlink(missing_ok=True)
        self._validator.unlink(missing_ok=True)

    def outlook(self) -> str:
        """Say what the next call does with it."""
        if not self.size():
            return "the next call begins the unfinished step anew"
        return f"{self.path} has {decimal(self.size())}, the next call goes on from there"


def main(
    data: Annotated[str, Option(parser=home, metavar="DIRECTORY", help="Where to leave the files.")] = "data",
    url: Annotated[str, Option(help="Another source of the same archive.", show_default="Zenodo")] = "",
) -> None:
    """Fetch the full LastFM-1K log, 0.7 GB, check it, and leave it ready to be run; exits with 1 if that fails."""
    get(Path(data), url, PIPELINE_1K)


def get(directory: Path, url: str, published: Published) -> None:
    """Fetch, and exit with 1 and a word on what to do if that fails."""
    stop_at_signals()
    os.environ.update(past_proxies())
    archive = directory / ARCHIVE
    try:
        with sole_use(archive.parent, waiting="Another make data is under way: waiting for it to end ..."):
            fetch(archive, url or published.urls[0], published)
    except Stopped as stop:
        console.print(f"Stopped: {plain(Partial(archive).outlook())}")
        sys.exit(stop.exit_code)
    except (DataError, OSError, tarfile.TarError) as error:
        console.print(f"[bold red]Fetching the data failed:[/] {plain(sentence(error))}")
        sys.exit(1)


def fetch(archive: Path, url: str, published: Published) -> None:
    """Leave the published files beside the archive, which is downloaded if it is not there.

    A file that is there is read in full, which takes seconds, and refused if its MD5 differs. A note of an earlier
    check would miss what has happened to the file since.
    """
    missing = {name: md5 for name, md5 in published.file_md5s.items() if not archive.with_name(name).exists()}
    for name in published.file_md5s.keys() - missing.keys():
        _check(archive.with_name(name), published.file_md5s[name])
    if missing:
        console.print(f"Last.fm lets this data be shared for non-commercial use; its terms: {PAGE}")
        if archive.exists():
            _check(archive, published.archive_md5)
        else:
            download(archive, url, published)
        unpack(archive, missing)
        console.print(f"Unpacked; {plain(str(archive))} is not needed any more")
    else:
        console.print("Nothing to do: the files are there, and their MD5s are the published ones")
    console.print(f"Now: {plain(how_to_type('run', INPUT=str(archive.with_name(LISTENS))))}")


def download(archive: Path, url: str, published: Published) -> None:
    """Fetch the archive, from where an earlier call was cut; it gets its name when its MD5 is the published one.

    Raises DataError after the first failure: to try again is left to the next call.
    """
    partial = Partial(archive)
    sources = " or ".join(dict.fromkeys((url, *published.urls)))
    by_hand = f"or download {sources} by hand, put it at {archive} and run make data again"
    try:
        _receive(url, partial)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DataError(f"nothing came from {url} ({error}); check network and address, {by_hand}") from error
    try:
        _check(partial.path, published.archive_md5, f"it was removed: run make data again, {by_hand}")
    except DataError:
        partial.discard()
        raise
    partial.path.replace(archive)
    partial.discard()


def _receive(url: str, partial: Partial) -> None:
    start = partial.size()
    ranged = {"Range": f"bytes={start}-", "If-Range": partial.validator()} if start else {}
    # Ranges count the bytes of the file itself, not those of a compressed transfer.
    headers = {"Accept-Encoding": "identity", **ranged}
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT) as response:
        status, given = response.status_code, response.headers.get("Content-Range", "")
        if ranged and status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and given == f"bytes */{start}":
            return  # An earlier call was stopped between the last byte and the check.
        goes_on = bool(ranged) and status == HTTPStatus.PARTIAL_CONTENT and given.startswith(f"bytes {start}-")
        if goes_on or status == HTTPStatus.OK:
            _save(response, partial, start if goes_on else 0)
            return
        if not ranged or status not in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            answer = f"the answer is {status} {response.reason_phrase}"
            raise httpx.HTTPStatusError(answer, request=response.request, response=response)
    # It is not the range that was asked for: ask once more, for everything.
    partial.discard()
    _receive(url, partial)


def _save(response: httpx.Response, partial: Partial, start: int) -> None:
    if start:
        console.print(f"Going on after {decimal(start)} of an earlier call")
    else:
        if partial.size():
            console.print("The source has another version now, or cannot go on in the middle: beginning anew")
        partial.begin(response.headers)
    length = response.headers.get("Content-Length")
    try:
        with bars.Progress(*COLUMNS, console=console) as progress, partial.path.open("ab") as file:
            task = progress.add_task("Downloading", total=start + int(length) if length else None, completed=start)
            for piece in response.iter_raw():
                progress.advance(task, file.write(piece))
    except httpx.RequestError as error:
        raise DataError(f"{response.url} was cut off ({error}); run make data again: {partial.outlook()}") from error


def unpack(archive: Path, md5s: Mapping[str, str]) -> None:
    """Leave the files of these names beside the archive, each under its name only when all MD5s are as given."""
    unpacked = {name: archive.with_name(f"{name}.part") for name in md5s}
    try:
        found = _extract(archive, unpacked)
        for name, md5 in md5s.items():
            if found.get(name) != md5:
                fault = f"has MD5 {found[name]}, published is {md5}" if name in found else "is not there"
                raise DataError(f"{archive}: {name} {fault}; nothing was unpacked: remove it and run make data again")
        for name, temporary in unpacked.items():
            temporary.replace(archive.with_name(name))
    finally:
        for temporary in unpacked.values():
            temporary.unlink(missing_ok=True)


def _extract(archive: Path, targets: Mapping[str, Path]) -> dict[str, str]:
    found = {}
    with (
        bars.open(archive, "rb", description="Unpacking", console=console) as packed,
        tarfile.open(fileobj=packed, mode="r:gz") as members,
    ):
        for member in members:
            # Stricter than tarfile's data filter, which makes absolute paths relative and lets some links be; and
            # what is written never has its path from the archive.
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
                raise DataError(
                    f"{archive} holds {member.name!r}, allowed are only files and directories below its own folder, no "
                    "link and no device; nothing was unpacked: remove it and run make data again"
                )
            content = members.extractfile(member)
            if content and path.name in targets:
                with targets[path.name].open("wb") as target:
                    found[path.name] = _digest(content, target)
    return found


def _check(path: Path, published: str, advice: str = "move it away and run make data again") -> None:
    with bars.open(path, "rb", description=f"Checking {plain(path.name)}", console=console) as file:
        found = _digest(file)
    if found != published:
        raise DataError(f"{path} has MD5 {found}, published is {published}; {advice}")


def _digest(source: IO[bytes], copy: IO[bytes] | None = None) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        if copy:
            copy.write(chunk)
    return digest.hexdigest()
