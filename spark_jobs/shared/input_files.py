"""The files or objects of an input: listed without Spark, by the bytes of their names: no locale can hide one."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.globs import is_hidden, matches, real_directory
from spark_jobs.shared.objects import first_bytes, list_objects
from spark_jobs.shared.paths import is_below, is_object, path_of, shown
from spark_jobs.shared.records import ListedFile

GZIP = ".gz"
# Spark decompresses these by name alone, and loses lines of some that were cut short or damaged, without an error.
OTHER_COMPRESSIONS = (".bz2", ".deflate", ".gzip", ".lz4", ".snappy", ".zst", ".zstd")
_DIFFERENCES_SHOWN = 3


@dataclass(frozen=True, order=True)
class InputFile:
    """A file or object of an input: its path or URI, its size in bytes, and when it was last written to, in ms."""

    path: bytes
    size: int
    modified: int

    @property
    def name(self) -> str:
        """The path as text, the same in every locale."""
        return shown(self.path)

    @property
    def listed(self) -> ListedFile:
        """The file as a record keeps it."""
        return ListedFile(file=self.name, bytes=self.size, modified_ms=self.modified)


@dataclass(frozen=True)
class Listing:
    """The files of an input in the order of their paths, and what was left out: a name and the reason, a text each."""

    files: tuple[InputFile, ...]
    left_out: tuple[str, ...]


def list_files(input_path: str, input_root: str = "") -> Listing:
    """List the files of an input: a file, every file below a directory, or what a glob matches (`**`: at any depth).

    A name below a directory that begins with `.` or `_` is left out. So is a further name of a file that is listed.
    Raises InputError if there is no file. Raises it, with the name of the file, if one lies outside `input_root` ("" or
    "/": anywhere), is unreadable, or is named like another compression than `.gz`.
    """
    where, root = path_of(input_path), path_of(input_root) if input_root else b"/"
    where = where if is_object(where) else os.path.abspath(where)
    left_out: list[str] = []
    files = (_objects if is_object(where) else _local_files)(where, root, left_out)
    if not files:
        hidden = f" (left out: {', '.join(left_out[:_DIFFERENCES_SHOWN])})" if left_out else ""
        raise InputError(f"no file at {shown(where)}{hidden}; check the path, and that the file has arrived")
    return Listing(tuple(sorted(files)), tuple(sorted(set(left_out))))


def directories_of(input_path: str) -> list[bytes]:
    """Return the directories among what a path or glob names, links resolved; raises InputError as `list_files`.

    An object store has none: any name may have others below it.
    """
    if is_object(path_of(input_path)):
        return [path_of(input_path).rstrip(b"/")]
    with _unreadable_named():
        return [os.path.realpath(path) for path in _named(path_of(input_path), []) if os.path.isdir(path)]


def beginning(file: InputFile, count: int) -> bytes:
    """Return the first bytes of a file, as it lies there."""
    if is_object(file.path):
        return first_bytes(file.path, count)
    with open(file.path, "rb") as content:
        return content.read(count)


def text_beginning(file: InputFile, count: int) -> bytes:
    """Return the first bytes of a file, decompressed where its name says so.

    Of damaged ones there are none: they are for the job to find and to name.
    """
    start = beginning(file, count)
    if not file.name.lower().endswith(GZIP):
        return start
    try:
        return zlib.decompressobj(wbits=31).decompress(start, count)
    except zlib.error:
        return b""


def _objects(where: bytes, root: bytes, left_out: list[str]) -> list[InputFile]:
    files = [InputFile(*found) for found in list_objects(where, left_out)]
    for file in files:
        _check_compression(file.path)
        if root != b"/" and not is_below(file.path, root):
            raise InputError(
                f"{file.name} is outside {shown(root)}, the only place runs may read from; copy the object there, or "
                "have the deployment change PIPELINE_INPUT_ROOT"
            )
    return files


def _local_files(where: bytes, input_root: bytes, left_out: list[str]) -> list[InputFile]:
    root = input_root if is_object(input_root) else os.path.realpath(input_root)
    files: dict[bytes, InputFile] = {}
    with _unreadable_named():
        paths = set(_files_below(_named(where, left_out), left_out))
        # Names by a link last: of several names for one file, its own is kept.
        for _, path, real in sorted((path != real, path, real) for path, real in _resolved(paths)):
            _check_root(path, real, root)
            if real in files:
                left_out.append(f"{shown(path)}: the same file as {files[real].name}")
            else:
                files[real] = _input_file(path)
    return list(files.values())


@contextmanager
def _unreadable_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{shown(error.filename)} cannot be read ({error.strerror}); mend or remove it, or change its mode"
        ) from None


def differences(listed: Iterable[tuple[str, int, int]], found: Iterable[InputFile]) -> str:
    """Say how some files differ from those `listed` before (name, size, modified); empty if they do not."""
    before = {name: (size, modified) for name, size, modified in listed}
    now = {file.name: (file.size, file.modified) for file in found}
    differing = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    said = [f"{name} {_difference(before.get(name), now.get(name))}" for name in differing[:_DIFFERENCES_SHOWN]]
    more = len(differing) - len(said)
    return "; ".join([*said, f"and {more} more"] if more else said)


def _difference(before: tuple[int, int] | None, now: tuple[int, int] | None) -> str:
    if now is None:
        return "went away"
    if before is None:
        return "is new"
    return f"went from {before[0]} to {now[0]} bytes" if before[0] != now[0] else "was written to or replaced"


def _named(where: bytes, left_out: list[str]) -> list[bytes]:
    """Return the path itself if there is one, else what it matches as a glob."""
    return [where] if os.path.lexists(where) else sorted(set(matches(os.path.abspath(where), left_out)))


def _files_below(named: list[bytes], left_out: list[str]) -> Iterator[bytes]:
    """Yield every regular file that is named or lies below a directory that is, and say what is left out."""
    to_visit = [(path, frozenset[bytes]()) for path in reversed(named)]
    while to_visit:
        path, above = to_visit.pop()
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            here = above | {real_directory(path, above)}
            entries = sorted(os.listdir(path), reverse=True)
            left_out += [f"{shown(os.path.join(path, entry))}: hidden" for entry in entries if is_hidden(entry)]
            to_visit += [(os.path.join(path, entry), here) for entry in entries if not is_hidden(entry)]
        elif stat.S_ISREG(mode):
            yield path
        else:
            left_out.append(f"{shown(path)}: no regular file")


def _resolved(paths: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return ((path, os.path.realpath(path)) for path in paths)


def _check_root(path: bytes, real: bytes, root: bytes) -> None:
    if not is_below(real, root):
        raise InputError(
            f"{shown(path)} is {shown(real)}, outside {shown(root)}, the only place runs may read from; put the file "
            "itself there, not a link, or have the deployment change PIPELINE_INPUT_ROOT"
        )


def _check_compression(path: bytes) -> None:
    suffix = re.search(rb"\.[a-z0-9]+$", path.lower())
    if suffix and suffix[0].decode() in OTHER_COMPRESSIONS:
        raise InputError(
            f"{shown(path)} is compressed by its name; allowed are plain text and .gz, for of other formats Spark may "
            "lose lines unseen: decompress it, or compress it as .gz"
        )


def _input_file(path: bytes) -> InputFile:
    _check_compression(path)
    if not os.access(path, os.R_OK):
        raise InputError(f"{shown(path)} may not be read by the user that runs this; change its mode or owner")
    status = os.stat(path)
    return InputFile(path, status.st_size, status.st_mtime_ns // 1_000_000)
