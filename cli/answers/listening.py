"""The top songs at the terminal."""

from __future__ import annotations

from rich.table import Table
from upath import UPath

from cli.terminal import console, plain
from include.deployment.run_date import last_days
from include.report import news
from include.report.listening.model import ListeningReport
from include.report.listening.words import NOUNS
from spark_jobs.shared.documents import read_document


def show(file: UPath) -> ListeningReport:
    """Print the songs of a `report.json`, the quality score, and what is new since the run date before; return it."""
    report = read_document(file, ListeningReport, "run the date again")
    console.print(songs_of(report))
    if report.profiles_problem:
        console.print(f"[bold yellow]Warning:[/] who listens is left out: {plain(report.profiles_problem)}")
    counts = report.counts
    console.print(
        f"Quality score {report.quality_score:.2f}: of {counts.records_read:,} lines {counts.events_accepted:,} kept, "
        f"{counts.records_rejected:,} rejected; {'the log has ' if report.new else ''}"
        f"{counts.sessions:,} sessions of {counts.users:,} users"
    )
    if said := news.sentences(report, NOUNS):
        console.print(f"New: {' '.join(said)}")
    return report


def songs_of(report: ListeningReport) -> Table:
    """Return the top songs as a table."""
    days = report.parameters["window_days"]
    started = f" that started {last_days(days)}" if isinstance(days, int) else ""
    songs = Table(title=f"Top songs of the {len(report.top_sessions)} longest sessions{started}", title_justify="left")
    for column in ("Rank", "Artist", "Song", "Plays", "Sessions", "Listeners"):
        songs.add_column(column, justify="left" if column in ("Artist", "Song") else "right")
    for song in report.top_songs:
        songs.add_row(*(plain(str(value)) for value in song.model_dump().values()))
    return songs
