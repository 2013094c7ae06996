"""Spark reads every line of every file, for all names and places of files."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import (
    ABANDONED_AFTER,
    file_number,
    link,
    place_of_links,
    remove_abandoned_links,
)

# A file name may have all bytes but two. A leading dot or underscore would hide the file.
NAMES = st.binary(min_size=1, max_size=8).map(lambda name: b"n" + name.translate(None, b"\0/"))
PLACES = st.lists(NAMES, min_size=1, max_size=4).map(b"/".join)
CONTENTS = st.lists(st.sampled_from([b"", b"a", b"\xff\xfe", b"x\ty\r", "ü".encode()]), max_size=4).map(
    lambda lines: b"".join(line + b"\n" for line in lines)
)
TREES = st.dictionaries(st.tuples(PLACES, st.sampled_from([b"", b".tsv", b".GZ"])), CONTENTS, min_size=1, max_size=6)


def make(tree: dict[tuple[bytes, bytes], bytes], root: Path) -> dict[bytes, int]:
    """Write a tree of files as far as its names go together; return the lines of each by its path."""
    lines: dict[bytes, int] = {}
    for (place, suffix), content in tree.items():
        path = os.path.join(os.fsencode(root), place + suffix)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(gzip.compress(content) if suffix == b".GZ" else content)
        except (FileExistsError, NotADirectoryError):
            continue
        lines[path] = content.count(b"\n")
    return lines


@given(TREES)
@example({(b"n\xfc", b".tsv"): b"a\n", ("nü".encode(), b".tsv"): b"a\na\n", (b"n/n/n", b".GZ"): b"a\n"})
@example({(b"n=1/n:2", b""): b"a\n", (b"n*", b""): b"a\n", (b"n\\{[", b".tsv"): b"", (b"n\n%20", b""): b"a\n"})
def test_every_line_of_any_tree_is_read(spark: SparkSession, tree: dict[tuple[bytes, bytes], bytes]) -> None:
    scratch = Path(tempfile.mkdtemp())
    try:
        expected = make(tree, scratch / "in")
        files = list_files(str(scratch / "in")).files
        linked = link(files, scratch / "links")
        by_file = linked.read_lines(spark).groupBy(file_number().alias("number")).count().collect()
        assert {files[row.number].path: row["count"] for row in by_file} == {
            path: lines for path, lines in expected.items() if lines
        }
        assert {file.path for file in files} == set(expected)
    finally:
        shutil.rmtree(os.fsencode(scratch))


def test_no_file_is_no_line(spark: SparkSession, tmp_path: Path) -> None:
    assert link([], tmp_path / "links").read_lines(spark).collect() == []


@pytest.mark.parametrize("change", ["removed", "grown"])
def test_spark_must_see_the_files_that_were_listed(spark: SparkSession, tmp_path: Path, change: str) -> None:
    for name in ("1.tsv", "2.tsv"):
        (tmp_path / name).write_bytes(b"a\n")
    linked = link(list_files(str(tmp_path)).files, tmp_path / "links")
    if change == "removed":
        (tmp_path / "2.tsv").unlink()
        seen = "1 files with 2 bytes"
    else:
        (tmp_path / "2.tsv").write_bytes(b"a\nb\n")
        seen = "2 files with 6 bytes"
    with pytest.raises(InputError, match=f"Spark sees {seen} of the input, listed were 2 with 4:"):
        linked.read_lines(spark)


def test_file_system_without_links_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log.tsv").write_bytes(b"a\n")

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    # Only root can mount a file system of this kind.
    monkeypatch.setattr("spark_jobs.shared.linked_files.os.symlink", refuse)
    with pytest.raises(InputError, match=r"links cannot hold symbolic links \(Operation not permitted\)"):
        link(list_files(str(tmp_path)).files, tmp_path / "links")


def test_links_of_killed_jobs_go_after_a_day(lake: Lake) -> None:
    with place_of_links(lake) as place:
        others = [place.with_name(name) for name in ("killed", "running")]
        for other in others:
            link([], other)
        old = time.time() - ABANDONED_AFTER.total_seconds() - 1
        os.utime(others[0], (old, old))
        assert remove_abandoned_links(lake) == ["killed"]
        assert [other.exists() for other in others] == [False, True]
    assert remove_abandoned_links(Lake("/no such lake", "listening")) == []
