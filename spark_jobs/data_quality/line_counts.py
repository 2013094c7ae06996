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


class LineCountMismatchError(RuntimeError):
    """Lines were lost or counted twice between reading and writing."""


def per_file(files: Sequence[InputFile], counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Tell what became of each file's lines, in the order of the files."""
    return [
        {
            "file": file.name,
            "bytes": file.size,
            **{what: of_file[number] for what, of_file in counts["of_files"].items()},
        }
        for number, file in enumerate(files)
    ]


def check(input_path: str, counts: dict[str, Any], files: list[dict[str, Any]], may_be_empty: bool = False) -> None:
    """Raise unless there are lines and each of them is kept or rejected, in every file and in total."""
    rejected = sum(counts[reason] for reason in LISTENS.reason_names)
    total = {"lines_read": counts["lines_read"], "listens_kept": counts[outcomes.KEPT], "lines_rejected": rejected}
    if total["lines_read"] == 0 and not may_be_empty:
        raise EmptyInputError(f"{input_path} holds no line; a run needs at least one: check what writes the log")
    of_all_files = {what: sum(file[what] for file in files) for what in total}
    for counted in (*files, {"file": input_path, **total}):
        if counted["lines_read"] != counted["listens_kept"] + counted["lines_rejected"] or of_all_files != total:
            raise LineCountMismatchError(
                f"read {counted['lines_read']} lines of {counted['file']} but kept {counted['listens_kept']} and "
                f"rejected {counted['lines_rejected']}; nothing was published: was the input written to during the "
                "run, or an executor lost, whose lines Spark then counted twice? Run the stage again"
            )


def quality_figures(counts: dict[str, Any]) -> dict[str, Any]:
    """Shape the counts of a pass for the stage's record."""
    rejected = {reason: counts[reason] for reason in LISTENS.reason_names}
    # What the log has already says nothing about what is new: a file may overlap one of the days before.
    lines = counts["lines_read"] - counts["known_listens"]
    return {
        "rows": {
            "lines_read": counts["lines_read"],
            "listens_kept": counts[outcomes.KEPT],
            "lines_rejected": sum(rejected.values()),
        },
        # Of no line none was bad.
        "quality_score": 100 * counts[outcomes.KEPT] / lines if lines else 100.0,
        "rejected": rejected,
        "warnings": {warning: counts[warning] for warning in LISTENS.warning_names},
        "first_listened_at": counts["first_listened_at"],
        "last_listened_at": counts["last_listened_at"],
    }
