"""The same lines in few files and in many: what a file costs `data_quality`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

FEW, MANY = 10, 10_000
FILES_A_DIRECTORY = 100


def split(log: Path, files: int, directory: Path) -> None:
    """Write the lines of a log into so many files of a tree, as many lines into each; a tree that is there stays."""
    if directory.exists():
        return
    with log.open("rb") as lines:
        number = sum(1 for _ in lines)
        lines.seek(0)
        for file in range(files):
            part = directory / f"{file // FILES_A_DIRECTORY:03d}" / f"{file:05d}.tsv"
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as out:
                out.writelines(islice(lines, number * (file + 1) // files - number * file // files))
