"""Is there anything to read, and anywhere to write? Answered in seconds, before any Spark starts."""

from __future__ import annotations

import os
import re
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from include.runs.input_format import check_format
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import Listing, directories_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_files import list_log
from spark_jobs.shared.object_store import is_refusal, no_answer
from spark_jobs.shared.partitioning import text_bytes
from spark_jobs.shared.paths import in_ascii, is_below, is_object, path_of, shown
from spark_jobs.shared.records import InputListing


@dataclass(frozen=True)
class CheckedInput:
    """An input that can be read: its path as text of ASCII (see `input_files.in_ascii`), and its files."""

    path: str
    listing: Listing

    def to_xcom(self) -> dict[str, str | int]:
        """What the tasks after this one need: `input_path`, and about how many bytes of text there are."""
        return {"input_path": self.path, "text_bytes": self.text_bytes}

    @property
    def text_bytes(self) -> int:
        """About how many bytes of text there are."""
        return text_bytes((file.name, file.size) for file in self.listing.files)


def check_input(
    input_path: str, input_root: str | Path, lake: Lake, run_date: date, may_be_empty: bool = False
) -> CheckedInput:
    """Return the input that a path means: a file, a directory or a glob, relative to `input_root`.

    Every file must lie below the root, links resolved. A day that adds nothing `may_be_empty`. Its file must be there,
    since a missing one may be late.
    Raises InputError for a missing or empty input, a file outside the root and another format. It also raises it when
    lake and input lie in one another, and when the lake cannot be written.
    """
    path = absolute(input_path, input_root, run_date)
    _check_lake_outside(path, lake)
    check_lake(lake)
    listing = list_log(lake.contract, path, in_ascii(os.fsencode(input_root)))
    _check_input_outside(listing, lake)
    if not any(file.size for file in listing.files) and not may_be_empty:
        raise InputError(
            f"{len(listing.files)} file(s) at {shown(path_of(path))}, all of them empty; check what writes the log"
        )
    check_format(lake.contract, path, listing.files)
    return CheckedInput(path, listing)


def keep_listing(found: CheckedInput, lake: Lake, run_date: date) -> str:
    """Keep the list of an input's files, and return its path: data_quality reads these files or none."""
    files = tuple(file.listed for file in found.listing.files)
    path = lake.input_listing(run_date)
    record = InputListing(input_path=shown(path_of(found.path)), files=files, left_out=found.listing.left_out)
    write_record(path, record)
    return str(path)


def check_lake(lake: Lake) -> None:
    """Raise InputError unless a file can be written to the lake, and Spark can name it.

    Raises LakePlaceError, EarlierLakeError or MovedLakeError where there can be no catalog.
    """
    pattern = re.search(r"[\\*?\[\]{}]", lake.root)
    if pattern:
        raise InputError(
            f"the lake {lake.root} has a {pattern[0]!r} in its path, which Spark takes for a pattern; "
            "choose another place"
        )
    if not is_object(path_of(lake.root)) and shown(path_of(lake.root)) != lake.root:
        raise InputError(
            f"the lake {shown(path_of(lake.root))} has bytes in its path that are no text in UTF-8, which Java cannot "
            "name; choose another place"
        )
    place = lake.catalog
    probe = lake.documents / f".probe-{uuid.uuid4().hex}"
    try:
        with place.open():
            probe.parent.mkdir(exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
    except (OSError, sqlite3.Error, DBAPIError) as error:
        if place.address and isinstance(error, DBAPIError):
            # The server may be back at the next try.
            raise
        if place.on_s3 and isinstance(error, OSError) and not is_refusal(error):
            raise no_answer(lake.root, error) from None
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        what_to_do = (
            "mend the bucket's name, the keys or their rights"
            if place.on_s3
            else "create it for the user that runs Airflow, or choose a directory that user owns"
        )
        raise InputError(
            f"the lake {lake.root} cannot be written ({why}); {what_to_do}: LAKE for make, PIPELINE_LAKE for Airflow"
        ) from error


def absolute(path: str, input_root: str | Path, run_date: date) -> str:
    """Return the absolute path, as text of ASCII, that a path relative to `input_root` means on a run date."""
    # The dots go by the text, so that what is named in a message is what is read.
    given = path_of(path.replace("{run_date}", str(run_date)))
    root = path_of(in_ascii(os.fsencode(input_root)))
    if is_object(given) or (is_object(root) and not given.startswith(b"/")):
        return in_ascii(given if is_object(given) else root.rstrip(b"/") + b"/" + given)
    where = os.path.normpath(os.path.join(root, given))
    # POSIX leaves two slashes in front as they are.
    return in_ascii(re.sub(b"^/+", b"/", where))


def _check_lake_outside(path: str, lake: Lake) -> None:
    """Raise InputError where a run would write into what it reads."""
    root = _real(path_of(lake.root))
    around = [directory for directory in directories_of(path) if is_below(root, directory)]
    if around:
        raise InputError(f"the lake {lake.root} lies in the input {shown(around[0])}; choose another place for one")


def _check_input_outside(listing: Listing, lake: Lake) -> None:
    """Raise InputError where a run would read what it writes."""
    root = _real(path_of(lake.root))
    inside = [file for file in listing.files if is_below(_real(file.path), root)]
    if inside:
        raise InputError(f"the input {inside[0].name} lies in the lake {lake.root}; choose another place for one")


def _real(path: bytes) -> bytes:
    return path if is_object(path) else os.path.realpath(path)
