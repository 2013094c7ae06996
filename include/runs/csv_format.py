"""Are the files of one kind CSV with the columns of that kind? Their headers tell."""

from __future__ import annotations

from collections.abc import Sequence

from include.runs.file_beginnings import beginnings, foreign_format
from spark_jobs.contract import Records
from spark_jobs.shared.csv_headers import read_headers
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import InputFile


def check_csv(records: Records, files: Sequence[InputFile]) -> None:
    """Raise InputError where a file is of another format, or its header is not that of the kind; looks at each file."""
    for file, start in beginnings(files):
        if found := foreign_format(start):
            raise InputError(
                f"{file.name} has no {records.name}; found: {found}; expected: CSV in UTF-8 with the columns "
                f"{', '.join(one.name for one in records.fields)}; convert it, or put it elsewhere"
            )
    read_headers(files, records)
