"""Files of the project that follow from code: written anew, or compared with it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def write_or_compare(wanted: Mapping[str, str], directory: Path, source: str) -> None:
    """Write the files by their names; with `--check` only exit with 1 and the names of those that differ.

    `source` says what the files are made from. Other JSON files of the directory are removed, or differ.
    """
    found = {path.name: path.read_text() for path in directory.glob("*.json")}
    if sys.argv[1:] != ["--check"]:
        directory.mkdir(exist_ok=True)
        for gone in found.keys() - wanted.keys():
            (directory / gone).unlink()
        for name, text in wanted.items():
            (directory / name).write_text(text)
    elif found != wanted:
        other = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        sys.exit(f"not what the {source} say: {', '.join(other)} in {directory}; write them anew: make format")
