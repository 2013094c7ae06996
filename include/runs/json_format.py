"""Are the files of one kind JSON lines with records of that kind? Their first lines tell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from include.runs.file_beginnings import first_line, foreign_format, lines_of
from spark_jobs.contract import Records
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import InputFile


def check_json_lines(records: Records, read: Sequence[tuple[InputFile, bytes]]) -> None:
    """Raise InputError where a file is of another format, or no file has a record with the names that all of them have.

    `read` are files and how they begin. What else is wrong with a record data_quality finds, and gives its reason.
    """
    # The message shows no line: what is no record may hold sensitive values at any place.
    foreign = [(file, start) for file, start in read if not _has_records(start, records)]
    other = [(file, start) for file, start in foreign if _known_format(start)]
    if other or (foreign and len(foreign) == len(read)):
        file, start = (other or foreign)[0]
        raise InputError(
            f"{file.name} has no {records.name}; found: {_describe(start)}; expected: one JSON object a line with the "
            f"names {', '.join(_names(records))}; convert it, or put it elsewhere"
        )


def _has_records(start: bytes, records: Records) -> bool:
    """Does a file begin with a record, or with one so long that its end was not read?"""
    is_cut = start.lstrip().startswith(b"{") and b"\n" not in start.strip() and not _object(start)
    return is_cut or any(set(_names(records)) <= set(_object(line)) for line in lines_of(start))


def _names(records: Records) -> list[str]:
    return [one.name for one in records.fields if one.required is True]


def _object(line: bytes) -> dict[str, Any]:
    """Return the JSON object that a line is; an empty one of any other line."""
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {}


def _known_format(start: bytes) -> str | None:
    """Name the format that this is for sure, None where it may be JSON lines with bad records."""
    if foreign := foreign_format(start):
        return foreign
    text = first_line(start)
    if text.lstrip().startswith("["):
        return "a JSON array, not one object a line"
    if text.strip() == "{":
        return "a JSON object over several lines, not one a line"
    return None


def _describe(start: bytes) -> str:
    known = _known_format(start)
    if known:
        return known
    names = _object(lines_of(start)[0])
    return f"JSON lines with the names {', '.join(names)}" if names else "lines that are no JSON objects"
