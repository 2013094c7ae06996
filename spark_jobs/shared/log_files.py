"""The files of a log, told apart by the kind of records that they hold: a log with several has a directory for each."""

from __future__ import annotations

import os
from collections.abc import Iterable

from spark_jobs.contract import LogContract
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import InputFile, Listing, list_files
from spark_jobs.shared.paths import is_object, path_of, shown


def list_log(contract: LogContract, input_path: str, input_root: str = "") -> Listing:
    """List the files of a log, as `list_files` does.

    Of a log with several kinds of records that leaves out what lies in no kind's directory, or has no name of the log's
    format. Raises InputError, too, where no file of events is left.
    """
    listing = list_files(input_path, input_root)
    if not contract.others:
        return listing
    faults = {file: _fault(contract, input_path, file) for file in listing.files}
    left_out = [f"{file.name}: {fault}" for file, fault in faults.items() if fault]
    files = tuple(file for file, fault in faults.items() if not fault)
    if not any(_directory(input_path, file) == contract.events.name for file in files):
        raise InputError(
            f"no file of {contract.events.name} at {shown(path_of(input_path))}: a {contract.name} log is a directory "
            f"with {_endings(contract)} files in {_directories(contract)}; name that directory, or mend what writes it"
        )
    return Listing(files, tuple(sorted({*listing.left_out, *left_out})))


def by_kind(contract: LogContract, input_path: str, files: Iterable[InputFile]) -> dict[str, tuple[InputFile, ...]]:
    """Return files that `list_log` has listed by the name of their kind, in the order of the kinds."""
    if not contract.others:
        return {contract.events.name: tuple(files)}
    found: dict[str, list[InputFile]] = {records.name: [] for records in contract.kinds}
    for file in files:
        found[_directory(input_path, file)].append(file)
    return {name: tuple(of_kind) for name, of_kind in found.items()}


def _fault(contract: LogContract, input_path: str, file: InputFile) -> str:
    """Say why a file is no part of a log with several kinds; empty if it is."""
    if _directory(input_path, file) not in {records.name for records in contract.kinds}:
        return f"in none of {_directories(contract)}"
    if not file.name.lower().endswith(contract.format.endings):
        return f"no {_endings(contract)} file"
    return ""


def _directory(input_path: str, file: InputFile) -> str:
    """Return the name of the directory in which a file lies, or another below it, right below the input."""
    where = path_of(input_path)
    root = (where if is_object(where) else os.path.abspath(where)).rstrip(b"/") + b"/"
    inside = file.path.removeprefix(root)
    return shown(inside.split(b"/", 1)[0]) if inside != file.path and b"/" in inside else ""


def _directories(contract: LogContract) -> str:
    return ", ".join(f"{records.name}/" for records in contract.kinds)


def _endings(contract: LogContract) -> str:
    return " or ".join(contract.format.endings)
