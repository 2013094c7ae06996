"""The doors at the terminal."""

from __future__ import annotations

from include.report.doors.model import DoorsReport
from upath import UPath

from cli.terminal import console, plain
from spark_jobs.shared.documents import read_document


def show(file: UPath) -> DoorsReport:
    """Print how often each door of a `report.json` was opened; return the report."""
    report = read_document(file, DoorsReport, "run the date again")
    for one in report.door_counts:
        console.print(f"{plain(one.door)}: {one.passages:,}")
    return report
