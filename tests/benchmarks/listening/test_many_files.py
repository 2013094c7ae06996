from __future__ import annotations

from pathlib import Path

from benchmarks.listening.many_files import split


def test_split_keeps_every_line_in_order(tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(b"".join(b"%d\n" % number for number in range(1001)))
    split(log, 250, tmp_path / "in")
    files = sorted((tmp_path / "in").rglob("*.tsv"))
    assert b"".join(file.read_bytes() for file in files) == log.read_bytes()
    assert {file.read_bytes().count(b"\n") for file in files} == {4, 5}
    assert {file.parent.name for file in files} == {"000", "001", "002"}
