"""What the pass over the lines counted: that none was lost, and what the stage's record says of them.

The counts are those of `Judged` in judging.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spark_jobs.contract import Records
from spark_jobs.data_quality import outcomes
from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.input_files import InputFile


class LineCountMismatchError(RuntimeError):
    """Lines were lost or counted twice between reading and writing."""


def per_file(files: Sequence[InputFile], counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Tell what became of each file's lines, in the order of the files."""
    read, accepted, rejected = counts["of_files"].values()
    return [
        {
            "file": file.name,
            "bytes": file.size,
            "lines_read": read[number],
            "listens_kept": accepted[number],
            "lines_rejected": rejected[number],
        }
        for number, file in enumerate(files)
    ]


def check(
    input_path: str,
    records: Records,
    counts: dict[str, Any],
    files: list[dict[str, Any]],
    may_be_empty: bool = False,
) -> None:
    """Raise unless there are lines and each of them is accepted or rejected, in every file and in total."""
    total = _total(records, counts)
    if total["lines_read"] == 0 and not may_be_empty:
        raise EmptyInputError(f"{input_path} holds no line; a run needs at least one: check what writes the log")
    of_all_files = {what: sum(file[what] for file in files) for what in total}
    for counted in (*files, {"file": input_path, **total}):
        if counted["lines_read"] != counted["listens_kept"] + counted["lines_rejected"] or of_all_files != total:
            raise LineCountMismatchError(
                f"read {counted['lines_read']} lines of {counted['file']} but accepted {counted['listens_kept']} and "
                f"rejected {counted['lines_rejected']}; nothing was published: was the input written to during the "
                "run, or an executor lost, whose lines Spark then counted twice? Run the stage again"
            )


def quality_figures(records: Records, counts: dict[str, Any]) -> dict[str, Any]:
    """Shape the counts of a pass for the stage's record."""
    # What the log has already says nothing about what is new: a file may overlap one of the days before.
    lines = counts["records_read"] - counts["known_events"]
    return {
        "rows": _total(records, counts),
        # Of no line none was bad.
        "quality_score": 100 * counts[outcomes.ACCEPTED] / lines if lines else 100.0,
        "rejected": {reason: counts[reason] for reason in records.reason_names},
        "warnings": {warning: counts[warning] for warning in records.warning_names},
        "first_listened_at": counts["first_event_at"],
        "last_listened_at": counts["last_event_at"],
    }


def _total(records: Records, counts: dict[str, Any]) -> dict[str, int]:
    return {
        "lines_read": counts["records_read"],
        "listens_kept": counts[outcomes.ACCEPTED],
        "lines_rejected": sum(counts[reason] for reason in records.reason_names),
    }
