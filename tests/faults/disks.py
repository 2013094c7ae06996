"""Disks of a test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Mount = Callable[[int, Path], Path]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount a file system of so many MiB, in memory, at a directory."""
    mounted: list[Path] = []

    def mount(mebibytes: int, directory: Path) -> Path:
        directory.mkdir(exist_ok=True)
        options = ["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(directory)]
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            # Only root may mount, and a disk that is full to the writer alone cannot be had otherwise.
            pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
        mounted.append(directory)
        return directory

    yield mount
    for directory in mounted:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
