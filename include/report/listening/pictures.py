"""The pictures of the report of `listening`: of the answer, its sessions and the listens."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from include.report import charts
from include.report.listening.listener_pictures import listener_pictures
from include.report.listening.model import ListeningReport, NotShown, SessionLengths, SongSpread
from include.report.picture import Picture, Table
from include.report.text import counted, day, isolated, one_line

LONGEST_LABEL = 40


def pictures(report: ListeningReport) -> list[Picture]:
    """Return the pictures of the answer, its sessions, the listens and the listeners."""
    found = [make(report) for make in (_spread, _lengths, _over_time, _week)]
    found += listener_pictures(report.listeners) if report.listeners else []
    return found


def _spread(report: ListeningReport) -> Picture:
    rows: charts.Rows = []
    table: Table = [("Song", "Plays", "Sessions", "Listeners", "Most in one session", "By one listener")]
    songs = {song.rank: song for song in report.top_songs}
    for spread in report.song_spread:
        song = songs[spread.rank]
        label = f"{song.rank}  {isolated(one_line(song.track_name, LONGEST_LABEL))}"
        rows += [{"label": label, **part} for part in _parts_of(spread)]
        most, first = spread.sessions[0].plays, spread.first_listener_plays
        counts = (song.play_count, song.session_count, song.listener_count, most)
        table.append((label, *(f"{count:,}" for count in counts), f"{first:,} ({first / song.play_count:.0%})"))
    owed = [one for one in report.song_spread if 2 * one.first_listener_plays > songs[one.rank].play_count]
    return Picture(
        "spread",
        "Where the plays come from",
        f"Plays of the first {counted(len(table) - 1, 'song')}; each part of a bar is one session",
        f"{len(owed)} of {counted(len(table) - 1, 'song')} owe more than half of their plays to one listener.",
        table,
        partial(charts.parts, rows),
        {"accent": "the listener who played it most", "quiet": "all other listeners"},
    )


def _parts_of(spread: SongSpread) -> charts.Rows:
    """The sessions of a song, those of its first listener first; at the end the plays of all that are not named."""
    first = spread.first_listener
    named = sorted(spread.sessions, key=lambda part: part.user_id != first)
    parts = [{"value": part.plays, "marked": part.user_id == first} for part in named]
    parts += [{"value": spread.other_plays, "marked": False}] if spread.other_plays else []
    return [{**part, "place": place} for place, part in enumerate(parts)]


def _lengths(report: ListeningReport) -> Picture:
    rows = [_bin(one) for one in report.session_lengths]
    top = [session.track_count for session in report.top_sessions]
    total = sum(row["value"] for row in rows)
    longest = f"the {len(top):,} longest"
    says = [f"{rows[0]['value']:,} of {counted(total, 'session')} have a single track"] if rows else []
    says += [f"{longest} have {_from_to(top[-1], top[0])}"] if top else []
    return Picture(
        "lengths",
        "How long the sessions are",
        "Sessions by number of tracks, on a logarithmic scale",
        f"{'; '.join(says)}." if says else "",
        [("Tracks", "Sessions", "Among the longest"), *_texts(rows, "label", "value", "marked")],
        partial(charts.bars, rows, is_log=True),
        {"accent": longest} if top else {},
    )


def _bin(found: SessionLengths) -> charts.Row:
    sessions, top = found.sessions, found.top_sessions
    of_which = f", of which {top:,}" if 0 < top < sessions else ""
    label = _from_to(found.from_tracks, found.to_tracks)
    return {"label": label, "value": sessions, "marked": top, "text": f"{sessions:,}{of_which}"}


def _over_time(report: ListeningReport) -> Picture:
    found, period = report.over_time, report.over_time.period
    rows = [
        {**one.model_dump(mode="json"), "end": _end(one.start, period), "label": day(one.start, period)}
        for one in found.periods
    ]
    empty = sum(one["listens"] == 0 for one in rows)
    most = max(rows, key=lambda one: one["listens"], default=None)
    gaps = f"No listens in {empty:,} of {counted(len(rows), period)}." if empty else f"No {period} is without listens."
    outside = {which: one for which, one in (("earlier", found.earlier), ("later", found.later)) if one}
    table = _texts(rows, "label", "listens", "sessions")
    for which, one in outside.items():
        row = (f"{which}: {_days(one)}", f"{one.listens:,}", f"{one.sessions:,}")
        table.insert(0 if which == "earlier" else len(table), row)
    return Picture(
        "over_time",
        "When people listened",
        f"Listens, and sessions by their start, a {period} (UTC)",
        f"Most listens: {most['label']}, {most['listens']:,}. {gaps}{_not_shown(outside)}" if most else "",
        [(period.capitalize(), "Listens", "Sessions"), *table],
        partial(charts.over_time, rows),
        {"alarm": "no listens"} if empty else {},
    )


def _not_shown(outside: dict[str, NotShown]) -> str:
    """How many listens the drawing leaves out, and from when they are; empty if none."""
    parts = [f"{counted(one.listens, f'{which} listen')} ({_days(one)})" for which, one in outside.items()]
    return f" Not drawn: {' and '.join(parts)}." if parts else ""


def _days(found: NotShown) -> str:
    first, last = day(found.first_day), day(found.last_day)
    return first if first == last else f"{first} to {last}"


def _week(report: ListeningReport) -> Picture:
    cells: charts.Rows = [
        {"weekday": weekday, "hour": hour, "listens": listens}
        for weekday, hours in zip(charts.WEEKDAYS, report.by_weekday, strict=True)
        for hour, listens in enumerate(hours)
    ]
    most = max(cells, key=lambda cell: cell["listens"])
    least = min(cells, key=lambda cell: cell["listens"])
    rows = [{**cell, "share": cell["listens"] / most["listens"]} for cell in cells if most["listens"]]
    days = zip(charts.WEEKDAYS, report.by_weekday, strict=True) if rows else ()
    return Picture(
        "week",
        "The hours of the week",
        "Listens by weekday and hour (UTC); the fuller the colour, the more",
        f"Most in the hour from {_hour(most)}, fewest from {_hour(least)}.",
        [("Hour", *map(str, range(24))), *((weekday, *(f"{count:,}" for count in hours)) for weekday, hours in days)],
        partial(charts.week, rows),
    )


def _texts(rows: charts.Rows, label: str, *numbers: str) -> Table:
    return [(row[label], *(f"{row[number]:,}" for number in numbers)) for row in rows]


def _from_to(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def _hour(cell: charts.Row) -> str:
    return f"{cell['hour']}:00 on {cell['weekday']} ({cell['listens']:,})"


def _end(first: date, period: str) -> str:
    if period == "month":
        return str((first + timedelta(days=31)).replace(day=1))
    return str(first + timedelta(days=7 if period == "week" else 1))
