"""The report of `listening` for people: as a page of its own, and as a few lines for a chat."""

from __future__ import annotations

from jinja2 import Template

from include.deployment.run_date import last_days
from include.report.listening.model import ListeningReport, Song
from include.report.listening.pictures import pictures
from include.report.listening.words import NOUNS
from include.report.page import common_parts, template_of

# In the page; the JSON has all of them.
SESSIONS_OPEN, SESSIONS_SHOWN, SONGS_NAMED, SONGS_COMPARED = 10, 100, 10, 20
SECTIONS = {
    "answer": "The answer",
    "new": "What was new",
    "sure": "How sure is the answer?",
    "trust": "Can it be trusted?",
    "listening": "The listening behind it",
    "who": "Who listens",
    "sessions": "The longest sessions",
    "made": "How it was made",
}
DEFINITIONS = {
    "without_implausible_sessions": (
        "No implausible sessions",
        "Without the sessions that are too fast or too long to be one person's.",
    ),
    "longest_by_duration": ("Longest by time", "The longest sessions are those of most hours, not of most tracks."),
    "gap_10_minutes": ("Gap of 10 minutes", "A pause longer than 10 minutes opens a new session."),
    "gap_30_minutes": ("Gap of 30 minutes", "A pause longer than 30 minutes opens a new session."),
    "songs_by_track_id": (
        "Songs by track id",
        "Listens with one MusicBrainz track id are one song, whatever its names.",
    ),
}


def render_html(report: ListeningReport) -> str:
    """Return the report as one page that needs nothing else; names are shown as text, whatever they hold."""
    return _template("report.html.j2").render(
        dict(report),
        **vars(common_parts(report, NOUNS, pictures(report))),
        sections=_sections(report),
        no_song=_no_song(report),
        before=_ranks_before(report),
        steady=_steady(report),
        ranks_by_definition=_ranks_by_definition(report),
        definitions=DEFINITIONS,
    )


def render_markdown(report: ListeningReport) -> str:
    """Return verdict, score, the first songs and what changed, for a chat that knows Markdown."""
    parts = vars(common_parts(report, NOUNS))
    return _template("report.md.j2").render(dict(report), no_song=_no_song(report), **parts)


def _template(name: str) -> Template:
    shown = {"SESSIONS_OPEN": SESSIONS_OPEN, "SESSIONS_SHOWN": SESSIONS_SHOWN, "SONGS_NAMED": SONGS_NAMED}
    return template_of("listening", name, **shown)


def _sections(report: ListeningReport) -> dict[str, str]:
    """The sections there is something to say in."""
    has_content = {
        "new": report.new,
        "sure": report.alternatives,
        "listening": report.counts.sessions,
        "who": report.listeners or report.profiles_problem,
        "sessions": report.top_sessions,
    }
    return {name: title for name, title in SECTIONS.items() if has_content.get(name, True)}


def _no_song(report: ListeningReport) -> str:
    """Why there is no top song, where there is none."""
    days = report.parameters["window_days"]
    if report.counts.sessions and isinstance(days, int):
        return f"No session started {last_days(days)}, and so there is no top song."
    return "There is no session in this log, and so no top song."


def _name(song: Song) -> tuple[str, str]:
    return song.artist_name, song.track_name


def _ranks_before(report: ListeningReport) -> dict[int, int | None] | None:
    """The rank that each song of the answer had in the one before, by its rank now; None without one before."""
    since = report.since_previous
    if since is None:
        return None
    moved = {change.to_rank: change.from_rank for kind in (since.entered, since.up, since.down) for change in kind}
    return {song.rank: moved.get(song.rank, song.rank) for song in report.top_songs}


def _steady(report: ListeningReport) -> int:
    """How many songs of the answer are among the top under every definition."""
    rankings = [{_name(song) for song in ranking.top_songs} for ranking in report.alternatives or ()]
    return sum(all(_name(song) in ranking for ranking in rankings) for song in report.top_songs)


def _ranks_by_definition(report: ListeningReport) -> list[tuple[Song, list[int | None]]]:
    """The first songs of the answer, then those that come in, with their ranks: in the answer, in each other one."""
    rankings = [report.top_songs, *(ranking.top_songs for ranking in report.alternatives or ())]
    ranks = [{_name(song): song.rank for song in ranking} for ranking in rankings]
    songs = {_name(song): song for ranking in rankings for song in ranking[:SONGS_COMPARED]}
    return [(song, [by_name.get(name) for by_name in ranks]) for name, song in songs.items()][: 2 * SONGS_COMPARED]
