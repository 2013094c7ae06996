"""The answers of the notes at the terminal."""

from __future__ import annotations

from rich.table import Table
from upath import UPath

from cli.terminal import console, plain
from include.report import news
from include.report.notes import sentences
from include.report.notes.model import NotesReport
from include.report.notes.page import day_rows, headlines
from include.report.notes.words import NOUNS
from include.report.text import day
from spark_jobs.shared.documents import read_document


def show(file: UPath) -> NotesReport:
    """Print the last days of a `report.json`, the main numbers, the quality score, what is new; return the report."""
    report = read_document(file, NotesReport, "run the date again")
    console.print(days_of(report))
    for one in headlines(report):
        console.print(plain(f"{one.what.capitalize()}: {one.value}{f', {one.change}' if one.change else ''}"))
    counts = report.counts
    console.print(
        f"Quality score {report.quality_score:.2f}: of {counts.records_read:,} records {counts.events_accepted:,} "
        f"kept, {counts.records_rejected:,} rejected; {'the log has ' if report.new else ''}"
        f"{counts.sessions:,} sessions of {counts.users:,} users"
    )
    for unusual in sentences.unusual(report, report.run_date):
        console.print(plain(f"Unusual: {sentences.unusual_says(unusual)}"))
    if said := news.sentences(report, NOUNS):
        console.print(f"New: {' '.join(said)}")
    if report.since_previous and report.since_previous.changes:
        changed = (sentences.change_says(one) for one in report.since_previous.changes)
        console.print(plain(f"Changed most since {day(report.since_previous.run_date)}: {' '.join(changed)}"))
    return report


def days_of(report: NotesReport) -> Table:
    """Return the run date, the day before and the one a week before as a table."""
    days = Table(title="Active users", title_justify="left")
    for column in ("Day", "Daily", "7 days", "28 days", "Stickiness", "New users", "Month to date"):
        days.add_column(column, justify="left" if column == "Day" else "right")
    for row in day_rows(report):
        days.add_row(*row)
    return days
