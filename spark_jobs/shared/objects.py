"""List the objects that a path or glob names in an object store, as `input_files` lists a disk."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.globs import ANY_DEPTH, is_hidden
from spark_jobs.shared.object_store import INPUT_SCHEME, ArrowStore, is_refusal, no_answer
from spark_jobs.shared.paths import shown

_PLACE = re.compile(r"s3a://(?P<bucket>[a-z0-9][a-z0-9._-]*)(?:/(?P<name>.*))?", re.DOTALL)
# Hadoop takes these for something else than a name.
_NO_NAMES = ("", ".", "..")


# Its `s3a://` URI, its size in bytes, and when it was written, in milliseconds.
Object = tuple[bytes, int, int]


def list_objects(where: bytes, left_out: list[str]) -> Iterator[Object]:
    """Yield the objects that a URI names: one, all below a name, or what a glob matches; say what is hidden.

    Raises InputError where the store refuses, or an object has a name that Spark cannot ask for.
    """
    bucket, parts = _split(where)
    try:
        prefix, pattern = _named(bucket, parts)
        for found, name in _below(bucket, prefix):
            rest = name[len(prefix) :]
            if matches(rest, pattern):
                _check_name(found[0], name)
                yield found
            elif matches(rest, pattern, hiding=False):
                left_out.append(f"{shown(found[0])}: hidden")
    except OSError as error:
        if not is_refusal(error):
            raise no_answer(shown(where), error) from None
        raise InputError(f"{shown(where)} cannot be listed ({error}); mend the keys or their rights") from None


def matches(names: Sequence[str], pattern: Sequence[str], hiding: bool = True) -> bool:
    """Return whether a pattern's parts match an object's names, or those of a directory that it lies below.

    >>> matches(["2009", "a.tsv"], ["*"]), matches(["_tmp", "a.tsv"], ["*"]), matches(["a", "b", "c"], ["**", "c"])
    (True, False, True)
    """
    if not pattern:
        return not (hiding and any(is_hidden(name.encode()) for name in names))
    if pattern[0] == ANY_DEPTH.decode():
        deeper = len(names) > 1 and not (hiding and is_hidden(names[0].encode()))
        return matches(names, pattern[1:], hiding) or (deeper and matches(names[1:], pattern, hiding))
    if not names:
        return False
    name, part = names[0], pattern[0]
    is_seen = not hiding or not is_hidden(name.encode()) or is_hidden(part.encode())
    is_named = name == part or (glob.has_magic(part) and is_seen and fnmatchcase(name, part))
    return is_named and matches(names[1:], pattern[1:], hiding)


def first_bytes(path: bytes, count: int) -> bytes:
    """Return the beginning of an object."""
    with _files().open_input_stream(path.decode().removeprefix(INPUT_SCHEME), compression=None) as content:
        return content.read(count)


def _split(where: bytes) -> tuple[str, list[str]]:
    found = _PLACE.fullmatch(where.decode("utf-8", "replace"))
    if not found:
        # Not with what was found: people write keys in front of a bucket.
        raise InputError("found an input in an object store, allowed is s3a://bucket/name, without keys in it")
    name = (found["name"] or "").rstrip("/")
    parts = name.split("/") if name else []
    _check_name(where, parts)
    return found["bucket"], parts


def _named(bucket: str, parts: list[str]) -> tuple[list[str], list[str]]:
    """Return the names above what is looked for, and the pattern below them; none for the names of what is there."""
    from pyarrow.fs import FileType

    fixed = next((place for place, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    is_there = fixed < len(parts) and _files().get_file_info("/".join((bucket, *parts))).type != FileType.NotFound
    return (parts, []) if is_there else (parts[:fixed], parts[fixed:])


def _below(bucket: str, prefix: list[str]) -> Iterator[tuple[Object, list[str]]]:
    from pyarrow.fs import FileSelector, FileType

    where = "/".join((bucket, *prefix))
    itself = _files().get_file_info(where)
    below = _files().get_file_info(FileSelector(where, allow_not_found=True, recursive=True))
    for info in (itself, *below):
        if info.type == FileType.File:
            uri = f"{INPUT_SCHEME}{info.path}".encode()
            yield (uri, info.size, info.mtime_ns // 1_000_000), info.path.split("/")[1:]


def _check_name(path: bytes, names: Sequence[str]) -> None:
    if any(name in _NO_NAMES for name in names):
        raise InputError(
            f"{shown(path)} has an empty part in its name, or . or .., which nobody can ask for by it; copy the object "
            "to another name"
        )


def _files() -> Any:
    return ArrowStore().fs
