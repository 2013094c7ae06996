"""The lock on what a job reads: the files Spark has found, links resolved, must lie below one directory.

Whoever asks for a run was told before, by include/input_check.py. But that reads a pattern as Python does and Spark as
Hadoop does, and between the two a link may lead elsewhere: so the job looks itself, at what Spark is about to read.
"""

from __future__ import annotations

import os
import re

from spark_jobs.shared.errors import DataError
from spark_jobs.shared.file_system import InputFile

_LOCAL = re.compile(r"^(?:file:/+|/)(?!/)")


class OutsideInputRootError(DataError):
    """A file of the input is not below the directory that runs may read from."""


def check_below(input_root: str, files: list[InputFile]) -> None:
    """Raise OutsideInputRootError unless every file lies below a local directory, links resolved; "" allows all."""
    if not input_root:
        return
    root = os.path.realpath(input_root)
    for file in files:
        found = os.path.realpath(_LOCAL.sub("/", file.name)) if _LOCAL.match(file.name) else None
        if found is None or os.path.commonpath((root, found)) != root:
            raise OutsideInputRootError(
                f"{file.name} is {found or 'elsewhere'}, outside {root}, the only place runs may read from; nothing "
                "was published: put the file itself there, not a link, or have the deployment change LASTFM_INPUT_ROOT"
            )
