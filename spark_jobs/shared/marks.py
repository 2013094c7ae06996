"""The mark of a whole partition, its `_SUCCESS`: which files it has, so that one more or one less is noticed.

It also says which log the partition was made from (see lineage.py): two of one log fit each other.
"""

from __future__ import annotations

import json
from pathlib import Path

MARK = "_SUCCESS"
FAULTS_SHOWN = 3


def mark_of(files: dict[str, int], log_id: str = "") -> str:
    """The text of a mark: the partition's files by their name within it, their sizes in bytes, and the log's id."""
    return json.dumps({"log_id": log_id, "files": dict(sorted(files.items()))}, indent=0) + "\n"


def log_id_of(mark: str | None) -> str:
    """The log that a partition was made from; empty where its mark does not say.

    >>> log_id_of(mark_of({}, "2a")), log_id_of("")
    ('2a', '')
    """
    try:
        return str(json.loads(mark or "")["log_id"])
    except (ValueError, LookupError, TypeError):
        return ""


def is_data(name: str) -> bool:
    """Is a file of this name data, rather than one that Spark and Arrow pass over?"""
    return name.rsplit("/", 1)[-1][0] not in "._"


def faults(mark: str | None, found: dict[str, int], log_id: str = "") -> list[str]:
    """What differs between a mark (None: there is none) and the files found; nothing if the partition is as published.

    Where the partition should be made from the log of an id, another log is a fault, too.

    >>> faults(mark_of({"a.parquet": 5, "b.parquet": 5}), {"a.parquet": 4, "c.parquet": 5})
    ['a.parquet has 4 bytes, not 5', 'b.parquet is missing', 'c.parquet was not there']
    >>> faults(None, {"a.parquet": 5})
    ['_SUCCESS is missing, which is written last']
    >>> faults(mark_of({}, "2a"), {}, "3b")
    ['it was made from the log 2a, not 3b']

    An empty mark is Spark's own, and what earlier versions left: it tells nothing, and nothing is held against it.
    """
    if mark is None:
        return [f"{MARK} is missing, which is written last"]
    if not mark.strip():
        return []
    try:
        marked: dict[str, int] = json.loads(mark)["files"]
    except (ValueError, LookupError, TypeError):
        return [f"{MARK} cannot be read"]
    if log_id and log_id_of(mark) not in (log_id, ""):
        return [f"it was made from the log {log_id_of(mark)}, not {log_id}"]
    differing = sorted(name for name in marked.keys() | found.keys() if marked.get(name) != found.get(name))
    said = [_fault(name, marked.get(name), found.get(name)) for name in differing]
    more = len(said) - FAULTS_SHOWN
    return said if more <= 0 else [*said[:FAULTS_SHOWN], f"and {more} more"]


def local_log_id(partition: Path) -> str:
    """The log that a partition in a local directory was made from, empty where nothing says so."""
    try:
        return log_id_of((partition / MARK).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def local_faults(partition: Path, log_id: str = "") -> list[str]:
    """What differs between the mark and the files of a partition in a local directory, read without Spark."""
    mark = partition / MARK
    files = {str(file.relative_to(partition)): file for file in partition.rglob("*") if is_data(file.name)}
    sizes = {name: file.stat().st_size for name, file in files.items() if file.is_file()}
    return faults(mark.read_text(encoding="utf-8", errors="replace") if mark.exists() else None, sizes, log_id)


def _fault(name: str, marked: int | None, found: int | None) -> str:
    if found is None:
        return f"{name} is missing"
    if marked is None:
        return f"{name} was not there"
    return f"{name} has {found} bytes, not {marked}"
