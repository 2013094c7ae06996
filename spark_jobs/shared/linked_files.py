"""Files and objects as Spark reads them: by links with numbers for names.

Java reads a name by the locale of its process and cannot open one of other bytes. Hadoop takes some characters of a
name for a pattern, or the name for a hidden file's. A link's name is digits, so the file's own name does not matter.
One directory of links is listed at once, however many directories their files lie in. A link to an object is one of
Hadoop's own, an entry of a `viewfs` table of mounts, of which Spark's reader is told.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import GZIP, InputFile
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.object_store import INPUT_SCHEME
from spark_jobs.shared.paths import is_object

_DIGITS = 9
_MOUNTS, _FILE = "viewfs://", "file://"
# Behind the name of a place of links, the place of others to the same files.
_BESIDE = "-in-order"
# By its name, a link is to text that Hadoop reads in parts, decompresses, or reads from beginning to end as it is.
_PLAIN, _IN_ORDER = ".tsv", ".passthrough"
_WITH_IN_ORDER = {"io.compression.codecs": "org.apache.hadoop.io.compress.PassthroughCodec"}
# No job takes longer.
ABANDONED_AFTER = timedelta(days=1)


@contextmanager
def place_of_links(lake: Lake) -> Iterator[Path]:
    """Lend a path below which a job makes its directories of links; they are removed in the end.

    All of Spark must see it: it is in a lake on disk, for that it sees as well.
    """
    place = _places(lake) / uuid.uuid4().hex
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def remove_abandoned_links(lake: Lake) -> list[str]:
    """Remove the directories of links that killed jobs have left; return their names."""
    places, before = _places(lake), time.time() - ABANDONED_AFTER.total_seconds()
    found = list(places.iterdir()) if places.is_dir() else []
    abandoned = [place for place in found if place.lstat().st_mtime < before]
    for place in abandoned:
        shutil.rmtree(place, ignore_errors=True)
    return sorted(place.name for place in abandoned)


def _places(lake: Lake) -> Path:
    if not lake.catalog.on_s3:
        return Path(lake.catalog.root) / "_links"
    # One for each user: users may not write into each other's.
    return Path(tempfile.gettempdir()) / f"_links_{os.getuid()}"


@dataclass(frozen=True)
class LinkedFiles:
    """Files by their numbers, from 0, and where the links to them are: a URI that all of Spark knows.

    `mounts` are the links to objects, by Hadoop's settings for them.
    """

    files: tuple[InputFile, ...]
    place: str
    mounts: Mapping[str, str] = field(default_factory=dict)

    def read_lines(self, spark: SparkSession, line_end: str | None = "\n") -> DataFrame:
        """Read the files as lines: `value` (string, perhaps no valid UTF-8), and Spark's `_metadata`.

        Without a `line_end` each of LF, CRLF and CR is one. Raises InputError where Spark sees other files, or files of
        other sizes, than were linked. Runs Spark.
        """
        # The root of a table of mounts cannot be listed, and each of its links is known.
        links = [f"{self.place}/{_name(number, file)}" for number, file in enumerate(self.files)]
        places = links if self.mounts else self.place
        reader = spark.read.options(**self.mounts)
        found = reader.format("binaryFile").load(places).select("path", "length").collect()
        seen = {self.number_in(row.path): row.length for row in found}
        # Spark plans no read of an empty file.
        full = {number: file.size for number, file in enumerate(self.files) if file.size}
        if seen != full:
            raise InputError(
                f"Spark sees {len(seen)} files with {sum(seen.values()):,} bytes of the input, listed were {len(full)} "
                f"with {sum(full.values()):,}: was it written to? Run the date again from check_input"
            )
        return spark.read.options(**self.mounts).text(places, lineSep=line_end)

    def read_some(self, spark: SparkSession, numbers: Collection[int], in_order: bool = False) -> DataFrame:
        """Read some of the files as `read_lines` does; `in_order`: one task reads all lines of a file."""
        files = {number: self.files[number] for number in numbers}
        if not in_order:
            links = [f"{self.place}/{_name(number, file)}" for number, file in files.items()]
            return spark.read.options(**self.mounts).text(links, lineSep="\n")
        # Beside the others, for Spark lists all that lies below these.
        place = f"{self.place}{_BESIDE}"
        names = {_name(number, file, _IN_ORDER): file for number, file in files.items()}
        if self.mounts:
            options = {**_mounts(names, place), **_WITH_IN_ORDER}
        else:
            _make_links(names, Path(place.removeprefix(_FILE)))
            options = _WITH_IN_ORDER
        return spark.read.options(**options).text([f"{place}/{name}" for name in names], lineSep="\n")

    def file_in(self, text: str) -> InputFile | None:
        """Return the file whose link a text names, such as Spark's message of a failure, or None."""
        place = re.escape(self.place.removeprefix(_FILE))
        found = re.search(rf"{place}(?:{_BESIDE})?/(\d{{{_DIGITS}}})", unquote(text))
        return self.files[int(found[1])] if found else None

    def number_in(self, link: str) -> int:
        """Return the number that a link's path or URI ends with."""
        return int(link.rsplit("/", 1)[-1][:_DIGITS])


def file_number() -> Column:
    """The number of the file that a line of `read_lines` comes from (int)."""
    return F.substring("_metadata.file_name", 1, _DIGITS).cast("int")


def link(files: Sequence[InputFile], directory: Path) -> LinkedFiles:
    """Make a directory of links to some files; raises InputError where its file system has no links."""
    names = {_name(number, file): file for number, file in enumerate(files)}
    if any(is_object(file.path) for file in files):
        return LinkedFiles(tuple(files), mount_of(directory), _mounts(names, mount_of(directory)))
    _make_links(names, directory)
    return LinkedFiles(tuple(files), f"{_FILE}{directory}")


def _make_links(names: Mapping[str, InputFile], directory: Path) -> None:
    directory.mkdir(parents=True)
    for name, file in names.items():
        try:
            os.symlink(file.path, os.fsencode(directory / name))
        except OSError as error:
            raise InputError(
                f"{directory} cannot hold symbolic links ({error.strerror}), by which Spark reads the input; put the "
                "lake on a file system that has them"
            ) from None


def mount_of(directory: Path) -> str:
    """Return the root of the mounts that stand for a directory of links, whose path no other one has."""
    return f"{_MOUNTS}{uuid.uuid5(uuid.NAMESPACE_URL, str(directory)).hex}"


def _mounts(names: Mapping[str, InputFile], root: str) -> dict[str, str]:
    prefix = f"fs.viewfs.mounttable.{root.removeprefix(_MOUNTS)}.link."
    return {f"{prefix}/{name}": _encoded(file.path) for name, file in names.items()}


def _encoded(uri: bytes) -> str:
    return INPUT_SCHEME + quote_from_bytes(uri.removeprefix(INPUT_SCHEME.encode()))


def _name(number: int, file: InputFile, plain: str = _PLAIN) -> str:
    # Spark decompresses by name.
    return f"{number:0{_DIGITS}d}{GZIP if file.path.lower().endswith(GZIP.encode()) else plain}"
