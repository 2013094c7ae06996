"""Match names with a glob, by their bytes. Unlike Python's own, it passes over no directory that it cannot list."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.paths import shown

_HIDDEN = (b".", b"_")
ANY_DEPTH = b"**"


def is_hidden(name: bytes) -> bool:
    """Return whether a file or directory of this name is no data, as Spark and Hadoop have it."""
    return name.startswith(_HIDDEN)


def matches(pattern: bytes, left_out: list[str]) -> Iterator[bytes]:
    """Yield the paths that an absolute glob matches, some perhaps twice; say in `left_out` which hidden names it met.

    `*`, `?` and `[...]` stand for characters of a name, `**` for directories at any depth. They match a hidden name
    only if that part of the pattern begins like one. Raises OSError where a directory cannot be listed.
    """
    yield from _matches(b"/", pattern.split(b"/")[1:], left_out, frozenset())


def _matches(path: bytes, parts: Sequence[bytes], left_out: list[str], above: frozenset[bytes]) -> Iterator[bytes]:
    if not parts:
        yield path
        return
    part, rest = parts[0], parts[1:]
    if part == ANY_DEPTH:
        yield from _matches(path, rest, left_out, above)
        here = above | {real_directory(path, above)}
        for entry in _entries(path, b"*", left_out):
            if os.path.isdir(entry):
                yield from _matches(entry, parts, left_out, here)
    elif glob.has_magic(part):
        for entry in _entries(path, part, left_out):
            yield from _matches(entry, rest, left_out, above)
    elif os.path.lexists(os.path.join(path, part)):
        yield from _matches(os.path.join(path, part), rest, left_out, above)


def real_directory(path: bytes, above: frozenset[bytes]) -> bytes:
    """Return a directory with links resolved; raises InputError where it is one of those `above` it."""
    real = os.path.realpath(path)
    if real in above:
        raise InputError(f"{shown(path)} is a link to a directory that it lies in; remove the link")
    return real


def _entries(path: bytes, part: bytes, left_out: list[str]) -> Iterator[bytes]:
    try:
        is_directory = stat.S_ISDIR(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    for name in sorted(os.listdir(path)) if is_directory else ():
        if not fnmatchcase(name, part):
            continue
        if is_hidden(name) and not is_hidden(part):
            left_out.append(f"{shown(os.path.join(path, name))}: hidden")
        else:
            yield os.path.join(path, name)
