"""The files of a log as wholes: a file that cannot be read to its last line is an error that names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from upath import UPath

from spark_jobs.shared.documents import read_document
from spark_jobs.shared.errors import InputError, UnreadableInputError
from spark_jobs.shared.failures import Cause, causes, is_failed_read, root_of
from spark_jobs.shared.input_files import GZIP, InputFile, Listing, differences
from spark_jobs.shared.linked_files import LinkedFiles
from spark_jobs.shared.records import InputListing

_ADVICE = (
    "nothing was published: run the date again from check_input when the files are whole, and have logs written under "
    "another name and then renamed"
)
_DECOMPRESSORS = "org.apache.hadoop.io.compress."


class InputChangedError(InputError):
    """The files are not those that were listed: nobody can say which lines are the input's."""


class InputReadError(RuntimeError):
    """A file could not be read, for a reason that may be gone at the next try: a disk, a network."""


def check_listed(listed_in: str, listing: Listing) -> None:
    """Raise InputChangedError unless a listing has the files that `check_input` found and kept in a file of JSON."""
    listed = read_document(UPath(listed_in), InputListing, "run check_input again").files
    differing = differences([(file.file, file.bytes, file.modified_ms) for file in listed], listing.files)
    if differing:
        raise InputChangedError(f"the input is not what check_input found: {differing}; {_ADVICE}")


@contextmanager
def read_whole(linked: LinkedFiles, listing: Listing, list_again: Callable[[], Listing]) -> Iterator[None]:
    """Watch over the pass that reads the linked files of a listing.

    Raises UnreadableInputError if one is no whole .gz, InputChangedError if the listing is not the same afterwards,
    InputReadError if Spark failed to read one for another reason.
    """
    try:
        yield
    except Exception as error:
        file = linked.file_in(str(error)) if is_failed_read(error) else None
        if file is None:
            raise
        _check_unchanged(listing, list_again)
        root = causes(error)[-1]
        # Who complains tells what is wrong: the file system about the disk, the decompressor about the bytes. The
        # exceptions' classes do not: an EOFException may be either, and most are plain IOExceptions.
        if root.thrown_by.startswith(_DECOMPRESSORS):
            raise UnreadableInputError(_damage(file, root)) from error
        raise InputReadError(f"{file.name} cannot be read ({root_of(error)}); nothing was published") from error
    _check_unchanged(listing, list_again)


def _check_unchanged(listing: Listing, list_again: Callable[[], Listing]) -> None:
    before = [(file.name, file.size, file.modified) for file in listing.files]
    try:
        now = list_again().files
    except InputError as error:
        raise InputChangedError(f"the input changed while it was read: {error}; {_ADVICE}") from None
    differing = differences(before, now)
    if differing:
        raise InputChangedError(f"the input changed while it was read: {differing}; {_ADVICE}")


def _damage(file: InputFile, root: Cause) -> str:
    return (
        f"{file.name} cannot be read as {GZIP} to its end ({root.says}): it was cut short, damaged or "
        f"never compressed; nothing was published: put a whole copy in its place (gzip -t tells), or name it without "
        f"{GZIP}"
    )
