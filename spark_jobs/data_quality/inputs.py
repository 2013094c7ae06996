"""The files of a log as wholes: what keeps one from being read to its last line is said, never skipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.shared.errors import UnreadableInputError
from spark_jobs.shared.failures import causes, failed_read
from spark_jobs.shared.file_system import InputFile, input_files

GZIP = ".gz"
# What Spark decompresses besides, by the name alone. Of a text named .bz2, .lz4 or .snappy it reads nothing, of an
# .lz4 or .snappy that was cut short not the rest, and a changed byte in a .snappy changes lines: all without a word.
OTHER_COMPRESSIONS = (".bz2", ".deflate", ".gzip", ".lz4", ".snappy", ".zst", ".zstd")
_DECOMPRESSORS = "org.apache.hadoop.io.compress."


class InputChangedError(RuntimeError):
    """A file was written to while it was read, so that nobody can say which lines were; later it may be whole."""


def check_files(input_path: str, lines: DataFrame, files: list[InputFile]) -> None:
    """Raise UnreadableInputError if Spark would pass over lines of these files without a word."""
    for file in files:
        if file.name.lower().endswith(OTHER_COMPRESSIONS):
            raise UnreadableInputError(
                f"{file.name} is compressed by its name; allowed are plain text and {GZIP}, for of other formats Spark "
                f"may lose lines unseen: decompress it, or compress it as {GZIP}"
            )
    partitions = lines.columns[1:]
    if partitions:
        raise UnreadableInputError(
            f"{input_path} holds directories named like partitions ({partitions[0]}=…), beside which Spark reads no "
            f"file; allowed are files: move the directories away, or name the files by a glob, {input_path}/*/*"
        )


@contextmanager
def read_whole(spark: SparkSession, lines: DataFrame, files: list[InputFile]) -> Iterator[None]:
    """Watch over the pass that reads the files.

    Raises UnreadableInputError if one is no whole .gz, InputChangedError if one was written to. An error of the
    disk or the network passes as it is, for it may be gone at the next try.
    """
    try:
        yield
    except Py4JJavaError as error:
        damage = _damage(error.java_exception)
        if damage is None:
            raise
        raise UnreadableInputError(damage) from error
    _check_unchanged(files, {file.name: file for file in input_files(spark, lines)})


def _check_unchanged(files: list[InputFile], now: dict[str, InputFile]) -> None:
    for before in files:
        after = now.get(before.name)
        if after == before:
            continue
        what = "was written to or replaced"
        if after is None:
            what = "went away"
        elif after.size != before.size:
            what = f"went from {before.size} to {after.size} bytes"
        raise InputChangedError(
            f"{before.name} {what} while it was read; nothing was published: run the stage again when it is whole, and "
            "have logs written under another name and then renamed"
        )


def _damage(error: Any) -> str | None:
    """Say which file is no whole .gz and why, if that is what failed Spark."""
    chain = causes(error)
    file = failed_read(chain)
    # Who complains tells what is wrong: the file system about the disk, the decompressor about the bytes. The
    # exceptions' classes do not: an EOFException may be either, and most are plain IOExceptions.
    complains = chain[-1].getStackTrace()
    if not file or not complains or not complains[0].getClassName().startswith(_DECOMPRESSORS):
        return None
    return (
        f"{file} cannot be read as {GZIP} to its end ({chain[-1].getMessage()}): it was cut short, damaged or never "
        f"compressed; nothing was published: put a whole copy in its place (gzip -t tells), or name it without {GZIP}"
    )
