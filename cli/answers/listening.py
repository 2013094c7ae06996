"""The top songs at the terminal."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.table import Table

from cli.terminal import console, plain
from include.deployment.run_date import last_days
from include.report import news
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake


def show(lake: Lake, run_date: date, report: dict[str, Any]) -> None:
    """Print the songs, the quality score, and what is new since the run date before."""
    console.print(songs_of(report))
    problem = read_record(lake, RankingRecord, run_date).profiles.problem
    if problem:
        console.print(f"[bold yellow]Warning:[/] who listens is left out: {plain(problem)}")
    rows = report["rows"]
    console.print(
        f"Quality score {report['quality_score']:.2f}: of {rows['lines_read']:,} lines {rows['listens_kept']:,} kept, "
        f"{rows['lines_rejected']:,} rejected; {'the log has ' if report['new'] else ''}"
        f"{rows['sessions']:,} sessions of {rows['users']:,} users"
    )
    if said := news.sentences(report):
        console.print(f"New: {' '.join(said)}")


def songs_of(report: dict[str, Any]) -> Table:
    """Return the top songs as a table."""
    days = report["parameters"]["window_days"]
    which = f"{len(report['top_sessions'])} longest sessions{f' that started {last_days(days)}' if days else ''}"
    songs = Table(title=f"Top songs of the {which}", title_justify="left")
    for column in ("Rank", "Artist", "Song", "Plays", "Sessions", "Listeners"):
        songs.add_column(column, justify="left" if column in ("Artist", "Song") else "right")
    for song in report["top_songs"]:
        songs.add_row(*(plain(str(value)) for value in song.values()))
    return songs
