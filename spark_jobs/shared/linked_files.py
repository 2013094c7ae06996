"""Local files as Spark reads them: by links with numbers for names.

Java reads a name by the locale of its process and cannot open one of other bytes. Hadoop takes some characters of a
name for a pattern, or the name for a hidden file's. A link's name is digits, and leads to its file whatever that is
called. One directory of links is listed at once, however many directories their files lie in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import GZIP, InputFile

_DIGITS = 9
_LOCAL = "file:"


@dataclass(frozen=True)
class LinkedFiles:
    """Files by their numbers, from 0, and the directory of the links to them, which is local to all of Spark."""

    files: tuple[InputFile, ...]
    directory: Path

    def read_lines(self, spark: SparkSession, line_end: str | None = "\n") -> DataFrame:
        """Read the files as lines: `value` (string, perhaps no valid UTF-8), and Spark's `_metadata`.

        Without a `line_end` each of LF, CRLF and CR is one. Raises InputError where Spark sees other files, or files of
        other sizes, than were linked. Runs Spark.
        """
        directory = f"{_LOCAL}//{self.directory}"
        found = spark.read.format("binaryFile").load(directory).select("path", "length").collect()
        seen = {self.number_in(row.path): row.length for row in found}
        # Spark plans no read of an empty file.
        full = {number: file.size for number, file in enumerate(self.files) if file.size}
        if seen != full:
            raise InputError(
                f"Spark sees {len(seen)} files with {sum(seen.values()):,} bytes of the input, listed were {len(full)} "
                f"with {sum(full.values()):,}: was it written to? Run the date again from check_input"
            )
        return spark.read.text(directory, lineSep=line_end)

    def file_in(self, link: str) -> InputFile:
        """Return the file that a link of this directory leads to."""
        return self.files[self.number_in(link)]

    def number_in(self, link: str) -> int:
        """Return the number that a link's path or URI ends with."""
        return int(link.rsplit("/", 1)[-1][:_DIGITS])

    def holds(self, path: str) -> bool:
        """Return whether a path or URI is one of these links."""
        return f"{self.directory}/" in path


def file_number() -> Column:
    """The number of the file that a line of `read_lines` comes from (int)."""
    return F.substring("_metadata.file_name", 1, _DIGITS).cast("int")


def link(files: Sequence[InputFile], directory: Path) -> LinkedFiles:
    """Make a directory of links to some files; raises InputError where its file system has no links."""
    directory.mkdir(parents=True)
    for number, file in enumerate(files):
        # Spark decompresses by name.
        suffix = GZIP if file.path.lower().endswith(GZIP.encode()) else ".tsv"
        try:
            os.symlink(file.path, os.fsencode(directory / f"{number:0{_DIGITS}d}{suffix}"))
        except OSError as error:
            raise InputError(
                f"{directory} cannot hold symbolic links ({error.strerror}), by which Spark reads the input; put the "
                "lake on a file system that has them"
            ) from None
    return LinkedFiles(tuple(files), directory)
