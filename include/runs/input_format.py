"""Is the input a log of the form that its contract states? The first lines of some files tell, without Spark."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from include.runs.csv_format import check_csv
from include.runs.file_beginnings import beginnings, first_line, foreign_format, is_wide, line_shown, lines_of
from include.runs.json_format import check_json_lines
from spark_jobs.contract import JsonLines, LogContract, TabSeparated
from spark_jobs.fields import Time
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import InputFile
from spark_jobs.shared.log_files import by_kind

_SEPARATORS = {",": "commas", ";": "semicolons", "|": "bars"}
_TAB = "\t"
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_EPOCH = re.compile(rb"\d+(\.\d+)?")


@dataclass(frozen=True)
class Form:
    """The form of a line: how many fields it has with tabs between them, and at which place its time stands."""

    fields: int
    time: int

    @property
    def words(self) -> str:
        """Say what is expected.

        >>> Form(6, 1).words
        '6 fields with tabs between them and no header, the second a time in ISO 8601 with its zone'
        """
        which = _ORDINALS[self.time]
        return (
            f"{self.fields} fields with tabs between them and no header, the {which} a time in ISO 8601 with its zone"
        )

    def has(self, line: bytes) -> bool:
        """Has a line this form?"""
        fields = line.rstrip(b"\r").split(b"\t")
        return len(fields) == self.fields and _TIME.fullmatch(fields[self.time]) is not None


def check_format(contract: LogContract, input_path: str, files: Sequence[InputFile]) -> None:
    """Raise InputError where a file is of another format, or no file has a line of the form of an event.

    Looks at the beginning of some files, and of CSV at the header of each. A line whose fields are bad in another way
    is not looked at here: data_quality rejects it, with its reason.
    """
    if isinstance(contract.format, TabSeparated):
        _check_tab_separated(files, contract)
    elif isinstance(contract.format, JsonLines):
        for kind, of_kind in by_kind(contract, input_path, files).items():
            check_json_lines(contract.kind(kind), beginnings(of_kind))
    else:
        for kind, of_kind in by_kind(contract, input_path, files).items():
            check_csv(contract.kind(kind), of_kind)


def _check_tab_separated(files: Sequence[InputFile], contract: LogContract) -> None:
    form = form_of(contract)
    read = beginnings(files)
    foreign = [(file, start) for file, start in read if not _has_events(start, form)]
    other = [(file, start) for file, start in foreign if _known_format(start, form)]
    if other or (foreign and len(foreign) == len(read)):
        file, start = (other or foreign)[0]
        shown = contract.example.replace(_TAB, "<tab>")
        raise InputError(
            f"{file.name} is no {contract.name} log of the form that is read here; found: {describe(start, form)}, "
            f"such as {line_shown(start)!r}; expected: {form.words}, such as {shown!r}; convert "
            "the log, or name another input"
        )


def form_of(contract: LogContract) -> Form:
    """Return the form of the lines of a tab-separated log."""
    fields = contract.events.fields
    time = next(place for place, field in enumerate(fields) if isinstance(field.type, Time))
    return Form(len(fields), time)


def describe(start: bytes, form: Form) -> str:
    """Say what a file that begins so looks like."""
    if known := _known_format(start, form):
        return known
    text = first_line(start)
    fields = text.split(_TAB)
    if len(fields) > 1:
        time = f", the {_ORDINALS[form.time]} {fields[form.time]!r}" if len(fields) == form.fields else ""
        return f"{len(fields)} fields with tabs between them{time}"
    separator, name = max(_SEPARATORS.items(), key=lambda item: text.count(item[0]))
    return (
        f"{text.count(separator) + 1} fields with {name} between them" if separator in text else "lines without a tab"
    )


def _known_format(start: bytes, form: Form) -> str | None:
    """Name the format that this is for sure, None where it may be a log with bad lines."""
    if foreign := foreign_format(start):
        return foreign
    text = first_line(start)
    if text.startswith(("{", "[")):
        return _json(text)
    fields = text.split(_TAB)
    if len(fields) == form.fields and _EPOCH.fullmatch(fields[form.time].encode()):
        return "a time as a number, such as the seconds since 1970"
    return None


def _has_events(start: bytes, form: Form) -> bool:
    return not is_wide(start) and any(map(form.has, lines_of(start)))


def _json(text: str) -> str:
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            return f"JSON lines with the fields {', '.join(found)}"
    return "a JSON document"
