"""The report of `listening`, gathered from the tables of a run, and the files that show it."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from include.report.listening.changes import changes, since_previous
from include.report.listening.listeners import Profile, listener_groups
from include.report.listening.model import Alternative, ListeningReport, Song, TopSession
from include.report.listening.page import render_html, render_markdown
from include.report.listening.spread import song_spread
from include.report.listening.times import counted_times
from include.report.model import RunReport
from include.report.scan import RunTables
from spark_jobs.lake.tables import Table
from spark_jobs.ranking.record import Profiles, RankingRecord
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, LISTENERS, TOP_SESSIONS, TOP_SONGS
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord

TSV_COLUMNS = ("rank", "artist_name", "track_name", "play_count", "session_count", "listener_count")
Rows = list[dict[str, Any]]


def report_of(
    lake: Lake, tables: RunTables, left: PublicationRecord[RankingRecord], common: RunReport
) -> ListeningReport:
    """Return the report, given what is common to all logs."""
    songs = tuple(Song(**song) for song in _rows(tables, TOP_SONGS, "rank"))
    sessions = tuple(_session(session) for session in _rows(tables, TOP_SESSIONS, "rank"))
    times, profiles = counted_times(tables, sessions), left.answers.profiles
    return ListeningReport(
        **dict(common),
        top_songs=songs,
        top_sessions=sessions,
        song_spread=song_spread(tables, songs),
        over_time=times.over_time,
        by_weekday=times.by_weekday,
        session_lengths=times.session_lengths,
        alternatives=_alternatives(tables, songs, left.answers),
        listeners=listener_groups(_profiles(tables, profiles)),
        profiles_problem=profiles.problem,
        since_previous=since_previous(lake, common, songs),
    )


def answer_files(_: RunTables, report: ListeningReport) -> dict[str, str]:
    """Return the answer as tab-separated lines, as a page, and as a few lines for a chat."""
    return {
        "top_songs.tsv": render_tsv(report.top_songs),
        "report.html": render_html(report),
        "report.md": render_markdown(report),
    }


def render_tsv(songs: tuple[Song, ...]) -> str:
    """Return the answer as tab-separated lines, never quoted: no name can hold a tab or a line feed."""
    rows = [TSV_COLUMNS, *([str(getattr(song, column)) for column in TSV_COLUMNS] for song in songs)]
    return "".join("\t".join(row) + "\n" for row in rows)


def _alternatives(tables: RunTables, songs: tuple[Song, ...], answers: RankingRecord) -> tuple[Alternative, ...] | None:
    """Return the answer under other definitions; None where this run did not look."""
    if not answers.alternatives.made:
        return None
    found = _rows(tables, ALTERNATIVE_SONGS, "rank")
    # One without a song has no session that started in time. If none has a song, there is nothing to compare.
    rankings: dict[str, list[Song]] = {name: [] for name in answers.alternatives.definitions if found}
    for row in found:
        rankings[row.pop("definition")].append(Song(**row))
    return tuple(
        Alternative(definition=name, top_songs=tuple(ranking), **dict(changes(songs, ranking)))
        for name, ranking in rankings.items()
    )


def _profiles(tables: RunTables, profiles: Profiles) -> list[Profile]:
    # Without profiles that could be used, the table has no rows.
    if profiles.path is None or profiles.problem is not None:
        return []
    rows = _rows(tables, LISTENERS, "user_id")
    return [Profile(row["country"], row["age"], row["registered_on"]) for row in rows]


def _session(row: dict[str, Any]) -> TopSession:
    # As in the check of the sessions' shape: what is shorter than a minute counts as one.
    speed = row["track_count"] / max(row["duration_seconds"] / 60, 1)
    return TopSession(**row, tracks_per_minute=round(speed, 2))


def _rows(tables: RunTables, table: Table, order: str) -> Rows:
    """Return the rows of a small table in the order of a column."""
    return sorted(tables.rows(table).to_pylist(), key=itemgetter(order))
