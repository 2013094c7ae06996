"""What the pass over the lines counted: that none was lost, and what the stage's record says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.input_files import InputFile
from spark_jobs.shared.records import Counts, FileCounts


class LineCountMismatchError(RuntimeError):
    """Lines were lost or counted twice between reading and writing."""


@dataclass(frozen=True)
class LineCounts:
    """How many lines were read and accepted, were rejected by reason, and are warned of by warning.

    `known` of the rejected are records that the log had before. `first` and `last` are times of accepted ones. What has
    `_of` is by the number of the file.
    """

    read: int
    accepted: int
    known: int
    rejected: dict[str, int]
    warnings: dict[str, int]
    first: datetime | None
    last: datetime | None
    read_of: Counter[int]
    accepted_of: Counter[int]
    rejected_of: Counter[int]

    @property
    def total(self) -> Counts:
        """Return what became of all lines."""
        rejected = sum(self.rejected.values())
        return Counts(records_read=self.read, events_accepted=self.accepted, records_rejected=rejected)


def quality_score(kinds: Sequence[LineCounts]) -> float:
    """Return how many of 100 lines were accepted, but those that the log had before."""
    # What the log has already says nothing about what is new: a file may overlap one of the days before.
    lines = sum(counts.read - counts.known for counts in kinds)
    # Of no line none was bad.
    return 100 * sum(counts.accepted for counts in kinds) / lines if lines else 100.0


def per_file(files: Sequence[InputFile], counts: LineCounts) -> tuple[FileCounts, ...]:
    """Tell what became of each file's lines, in the order of the files."""
    return tuple(
        FileCounts(
            file=file.name,
            bytes=file.size,
            records_read=counts.read_of[number],
            events_accepted=counts.accepted_of[number],
            records_rejected=counts.rejected_of[number],
        )
        for number, file in enumerate(files)
    )


def check(input_path: str, whole: Counts, files: Sequence[FileCounts], may_be_empty: bool = False) -> None:
    """Raise unless there are lines and each of them is accepted or rejected, in every file and in total."""
    if whole.records_read == 0 and not may_be_empty:
        raise EmptyInputError(f"{input_path} holds no line; a run needs at least one: check what writes the log")
    of_files = {name: sum(getattr(file, name) for file in files) for name in Counts.model_fields}
    for where, counted in (*((file.file, file) for file in files), (input_path, whole)):
        is_whole = counted.records_read == counted.events_accepted + counted.records_rejected
        if not is_whole or of_files != whole.model_dump():
            raise LineCountMismatchError(
                f"read {counted.records_read} lines of {where} but accepted {counted.events_accepted} and "
                f"rejected {counted.records_rejected}; nothing was published: was the input written to during the "
                "run, or an executor lost, whose lines Spark then counted twice? Run the stage again"
            )
