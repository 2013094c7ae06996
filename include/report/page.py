"""The report for people: as a page of its own, and as a few lines for a chat."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.filters import do_filesizeformat

from include.deployment.run_date import last_days
from include.report import news, text
from include.report.pictures import pictures

# In the page; the JSON has all of them. Files with rejected lines come first.
FILES_SHOWN, FILES_NAMED, SESSIONS_OPEN, SESSIONS_SHOWN, SONGS_NAMED, SONGS_COMPARED = 20, 5, 10, 100, 10, 20
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
SPARK_HEADS = ("Seconds", "Tasks", "Input read", "Shuffled", "Spilled", "Garbage collection", "Slowest task / median")
NONE = "\N{EN DASH}"
Facts = dict[str, Any]


def render_html(facts: Facts) -> str:
    """The report as one page that needs nothing else; names are shown as text, whatever they hold."""
    files = sorted(facts["files"], key=lambda file: -file["lines_rejected"])[:FILES_SHOWN]
    columns = ("file", "lines_read", "listens_kept", "lines_rejected")
    return _template("report.html.j2").render(
        facts,
        sections=_sections(facts),
        pictures=pictures(facts),
        no_song=_no_song(facts),
        before=_ranks_before(facts),
        news=news.sentences(facts),
        new_rows=_new_rows(facts["new"]),
        late_rows=_late_rows(facts["new"]),
        steady=_steady(facts),
        ranks_by_definition=_ranks_by_definition(facts),
        definitions=DEFINITIONS,
        check_rows=[(name, f"{check['met']} of {check['expectations']}") for name, check in facts["checks"].items()],
        file_rows=[tuple(file[column] for column in columns) for file in files],
        spark_heads=("Spark's own figures", *SPARK_HEADS),
        spark_rows=[(stage, *spark_row(figures)) for stage, figures in facts["spark"].items()],
        parameter_rows=[(name, _value(value)) for name, value in facts["parameters"].items()],
    )


def render_markdown(facts: Facts) -> str:
    """Verdict, score, the first songs and what changed, for a chat that knows Markdown."""
    return _template("report.md.j2").render(facts, no_song=_no_song(facts), news=news.sentences(facts))


def spark_row(figures: Facts) -> list[str]:
    """A stage's figures as text, under SPARK_HEADS; a dash where there is nothing to tell."""
    # The first is the Spark stage with the most work; a single task is no slower than another.
    of_many = next((stage for stage in figures["slowest_stages"] if stage["tasks"] > 1), None)
    return [
        f"{figures['seconds']:.1f}",
        f"{figures['tasks']:,}",
        _read(figures),
        do_filesizeformat(figures["shuffle_bytes_written"]),
        do_filesizeformat(figures["spilled_disk_bytes"]),
        f"{figures['gc_share']:.1%}",
        f"{of_many['slowest_task_seconds']:.1f} s / {of_many['median_task_seconds']:.1f} s" if of_many else NONE,
    ]


def _read(figures: Facts) -> str:
    if figures["log_share"] is not None:
        return f"{figures['log_share']:.1%}"
    return NONE if figures["input_reads"] is None else f"{figures['input_reads']:.2f} \N{MULTIPLICATION SIGN}"


def _template(name: str) -> Any:
    templates = Environment(
        loader=PackageLoader("include.report"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.filters |= {
        "one_line": text.one_line,
        "markdown": text.in_markdown,
        "day": text.day,
        "counted": text.counted,
        "last_days": last_days,
        "value": _value,
    }
    templates.globals |= {
        "FILES_NAMED": FILES_NAMED,
        "SESSIONS_OPEN": SESSIONS_OPEN,
        "SESSIONS_SHOWN": SESSIONS_SHOWN,
        "SONGS_NAMED": SONGS_NAMED,
    }
    return templates.get_template(name)


def _sections(facts: Facts) -> dict[str, str]:
    """The sections there is something to say in."""
    absent = set()
    if not facts["alternatives"]:
        absent.add("sure")
    if not facts["new"]:
        absent.add("new")
    if not facts["listeners"] and not facts["profiles_problem"]:
        absent.add("who")
    if not facts["rows"]["sessions"]:
        absent.add("listening")
    if not facts["top_sessions"]:
        absent.add("sessions")
    return {name: title for name, title in SECTIONS.items() if name not in absent}


def _no_song(facts: Facts) -> str:
    """Why there is no top song, where there is none."""
    days = facts["parameters"]["window_days"]
    if facts["rows"]["sessions"] and days:
        return f"No session started {last_days(days)}, and so there is no top song."
    return "There is no session in this log, and so no top song."


def _value(value: Any) -> str:
    """The value of a parameter."""
    return "none" if value is None else str(value)


def _name(song: Facts) -> tuple[str, str]:
    return song["artist_name"], song["track_name"]


def _ranks_before(facts: Facts) -> dict[int, int | None] | None:
    """The rank that each song of the answer had in the one before, by its rank now; None without one before."""
    since = facts["since_previous"]
    if since is None:
        return None
    moved = {change["to_rank"]: change["from_rank"] for kind in ("entered", "up", "down") for change in since[kind]}
    return {song["rank"]: moved.get(song["rank"], song["rank"]) for song in facts["top_songs"]}


def _new_rows(new: Facts | None) -> list[tuple[str, int]]:
    """What a day that added something has added."""
    if not new or not new["listens_added"]:
        return []
    found = [
        ("Listens added", new["listens_added"]),
        ("Listens added late", new["late"]["listens"]),
        ("Lines rejected as duplicates", new["duplicates_rejected"]),
    ]
    if new["sessions"]:
        found += [
            ("Sessions opened", new["sessions"]["opened"]),
            ("Sessions extended", new["sessions"]["extended"]),
            ("Sessions joined from several", new["sessions"]["joined"]),
            ("Users first seen", new["users_first_seen"]),
        ]
    return found


def _late_rows(new: Facts | None) -> list[tuple[str, int]]:
    if not new or not new["late"]["listens"]:
        return []
    return [(words, new["late"][name]) for name, words in news.LATE.items()]


def _steady(facts: Facts) -> int:
    """How many songs of the answer are among the top under every definition."""
    rankings = [{_name(song) for song in ranking["top_songs"]} for ranking in facts["alternatives"] or []]
    return sum(all(_name(song) in ranking for ranking in rankings) for song in facts["top_songs"])


def _ranks_by_definition(facts: Facts) -> list[tuple[Facts, list[int | None]]]:
    """The first songs of the answer, then those that come in, with their ranks: in the answer, in each other one."""
    rankings = [facts["top_songs"], *(ranking["top_songs"] for ranking in facts["alternatives"] or [])]
    ranks = [{_name(song): song["rank"] for song in ranking} for ranking in rankings]
    songs = {_name(song): song for ranking in rankings for song in ranking[:SONGS_COMPARED]}
    return [(song, [by_name.get(name) for by_name in ranks]) for name, song in songs.items()][: 2 * SONGS_COMPARED]
