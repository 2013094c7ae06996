"""What the pass over the lines counted: that none was lost, and what the stage's record says of them.

The counts are those of `Judged` in judging.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spark_jobs.data_quality import outcomes
from spark_jobs.logs.listening.contract import LISTENS
from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.input_files import InputFile
from spark_jobs.shared.records import Counts, FileCounts


class LineCountMismatchError(RuntimeError):
    """Lines were lost or counted twice between reading and writing."""


def per_file(files: Sequence[InputFile], counts: dict[str, Any]) -> tuple[FileCounts, ...]:
    """Tell what became of each file's lines, in the order of the files."""
    lines, kept, rejected = (counts["of_files"][what] for what in ("lines_read", "listens_kept", "lines_rejected"))
    return tuple(
        FileCounts(
            file=file.name,
            bytes=file.size,
            records_read=lines[number],
            events_accepted=kept[number],
            records_rejected=rejected[number],
        )
        for number, file in enumerate(files)
    )


def total(counts: dict[str, Any]) -> Counts:
    """Tell what became of all lines."""
    return Counts(
        records_read=counts["lines_read"],
        events_accepted=counts[outcomes.KEPT],
        records_rejected=sum(counts[reason] for reason in LISTENS.reason_names),
    )


def check(input_path: str, whole: Counts, files: Sequence[FileCounts], may_be_empty: bool = False) -> None:
    """Raise unless there are lines and each of them is kept or rejected, in every file and in total."""
    if whole.records_read == 0 and not may_be_empty:
        raise EmptyInputError(f"{input_path} holds no line; a run needs at least one: check what writes the log")
    of_files = {name: sum(getattr(file, name) for file in files) for name in Counts.model_fields}
    for where, counted in (*((file.file, file) for file in files), (input_path, whole)):
        is_whole = counted.records_read == counted.events_accepted + counted.records_rejected
        if not is_whole or of_files != whole.model_dump():
            raise LineCountMismatchError(
                f"read {counted.records_read} lines of {where} but kept {counted.events_accepted} and "
                f"rejected {counted.records_rejected}; nothing was published: was the input written to during the "
                "run, or an executor lost, whose lines Spark then counted twice? Run the stage again"
            )


def quality_score(counts: dict[str, Any]) -> float:
    """Return how many of 100 lines were kept, but those that the log had before."""
    # What the log has already says nothing about what is new: a file may overlap one of the days before.
    lines = counts["lines_read"] - counts["known_listens"]
    # Of no line none was bad.
    return 100 * counts[outcomes.KEPT] / lines if lines else 100.0
