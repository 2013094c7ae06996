"""The rules again, in plain Python and without a look at the jobs: what the jobs must agree with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# The characters with Unicode's White_Space property.
WHITE_SPACE = set(
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TIMESTAMP = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})")
AFTER_LEAP_SECOND = {datetime(2006, 1, 1, tzinfo=UTC), datetime(2009, 1, 1, tzinfo=UTC)}
EARLIEST = datetime(2002, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Listen:
    user_id: str
    listened_at: datetime
    artist_id: str | None
    artist_name: str
    track_id: str | None
    track_name: str


@dataclass(frozen=True)
class Session:
    session_id: str
    user_id: str
    started_at: datetime
    ended_at: datetime
    duration_seconds: int
    track_count: int
    distinct_song_count: int
    is_implausible: bool


@dataclass(frozen=True)
class Song:
    rank: int
    artist_name: str
    track_name: str
    play_count: int
    session_count: int
    listener_count: int


@dataclass
class Judgement:
    listens: list[Listen]
    rejected: list[tuple[bytes, str]]
    warnings: Counter[str]

    @property
    def reasons(self) -> Counter[str]:
        return Counter(reason for _, reason in self.rejected)


def lines_of(log: bytes) -> list[bytes]:
    """Split a log at line feeds; a line feed at the end of the file opens no further line."""
    lines = log.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return lines if lines[-1] else lines[:-1]


def judge(log: bytes, run_date: date) -> Judgement:
    rejected, candidates, warnings = [], defaultdict(list), Counter()
    for line in lines_of(log):
        verdict = judge_line(line, run_date)
        if isinstance(verdict, str):
            rejected.append((line, verdict))
        else:
            listen, found = verdict
            same = (listen.user_id, listen.listened_at, listen.artist_name, listen.track_name)
            candidates[same].append((preference(listen, line), line, listen, found))
    listens = []
    for lines in candidates.values():
        (_, _, kept, found), *others = sorted(lines, key=lambda one: one[0])
        listens.append(kept)
        warnings.update(found)
        rejected += [(line, "duplicate") for _, line, _, _ in others]
    return Judgement(listens, rejected, warnings)


def judge_line(line: bytes, run_date: date) -> str | tuple[Listen, list[str]]:
    """The reason to reject a line, or its listen and warnings."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return "invalid_encoding"
    fields = text.removesuffix("\r").split("\t")
    if len(fields) != 6:
        return "field_count"
    user_id, timestamp, artist_id, artist_name, track_id, track_name = fields
    if blank(user_id):
        return "missing_user_id"
    if timestamp == "":
        return "missing_timestamp"
    listened_at = instant(timestamp)
    if listened_at is None:
        return "invalid_timestamp"
    if listened_at == "far" or not EARLIEST <= listened_at < midnight(run_date + timedelta(days=2)):
        return "implausible_timestamp"
    if blank(artist_name):
        return "missing_artist_name"
    if blank(track_name):
        return "missing_track_name"
    ids, warnings = {}, []
    for kind, value in (("artist", artist_id), ("track", track_id)):
        ids[kind] = value if UUID.fullmatch(value) else None
        if ids[kind] is None:
            warnings.append(f"malformed_{kind}_id" if value else f"missing_{kind}_id")
    return Listen(user_id, listened_at, ids["artist"], artist_name, ids["track"], track_name), warnings


def blank(text: str) -> bool:
    return all(character in WHITE_SPACE for character in text)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def instant(timestamp: str) -> datetime | str | None:
    """Return the time of a timestamp; None for an invalid one, "far" for one that Python cannot represent."""
    match = TIMESTAMP.fullmatch(timestamp)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    zone = match[7]
    offset = timedelta(0)
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if minutes > 59 or hours * 60 + minutes > 18 * 60:
            return None
        offset = (1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)
    is_sixtieth = second == 60
    try:
        # The year 0 exists in ISO 8601, is a leap year, and is none of Python's.
        local = datetime(year or 4, month, day, hour, minute, 59 if is_sixtieth else second, tzinfo=UTC)
    except ValueError:
        return None
    try:
        moment = local - offset + timedelta(seconds=is_sixtieth)
    except OverflowError:
        moment = None
    if is_sixtieth and moment not in AFTER_LEAP_SECOND:
        return None
    return "far" if year == 0 or moment is None else moment


def preference(listen: Listen, line: bytes) -> tuple:
    """Return the sort key of a listen's lines: lines with ids first, then lines written as the log writes them."""
    ids = [part for value in (listen.artist_id, listen.track_id) for part in (value is None, value or "")]
    written = "\t".join(
        (
            listen.user_id,
            listen.listened_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            listen.artist_id or "",
            listen.artist_name,
            listen.track_id or "",
            listen.track_name,
        )
    ).encode()
    return (*ids, line != written, line)


def sessions_of(listens: list[Listen], gap: timedelta) -> dict[Session, list[Listen]]:
    by_user = defaultdict(list)
    for listen in listens:
        by_user[listen.user_id].append(listen)
    runs = [run for user_listens in by_user.values() for run in runs_of(user_listens, gap)]
    return {session(run): run for run in runs}


def runs_of(user_listens: list[Listen], gap: timedelta) -> list[list[Listen]]:
    """One user's listens in order of time, cut where a pause is longer than the gap."""
    runs: list[list[Listen]] = []
    for listen in sorted(user_listens, key=lambda listen: listen.listened_at):
        if not runs or listen.listened_at - runs[-1][-1].listened_at > gap:
            runs.append([])
        runs[-1].append(listen)
    return runs


def session(run: list[Listen]) -> Session:
    start, end = run[0].listened_at, run[-1].listened_at
    minutes = (end - start) / timedelta(minutes=1)
    return Session(
        session_id=f"{run[0].user_id}-{start:%Y%m%dT%H%M%SZ}",
        user_id=run[0].user_id,
        started_at=start,
        ended_at=end,
        duration_seconds=int((end - start).total_seconds()),
        track_count=len(run),
        distinct_song_count=len({(listen.artist_name, listen.track_name) for listen in run}),
        is_implausible=(len(run) >= 30 and len(run) > 3 * minutes) or minutes > 3 * 24 * 60,
    )


def top_sessions(sessions: Iterable[Session], number: int) -> list[Session]:
    return sorted(sessions, key=lambda one: (-one.track_count, one.started_at, one.user_id))[:number]


def started_in_time(sessions: Iterable[Session], within: tuple[date, int] | None) -> list[Session]:
    """The sessions that started in so many days up to the end of a run date, all of them without these two."""
    if within is None:
        return list(sessions)
    run_date, days = within
    end = midnight(run_date + timedelta(days=1))
    return [one for one in sessions if timedelta(0) < end - one.started_at <= timedelta(days=days)]


GAPS = {"gap_10_minutes": timedelta(minutes=10), "gap_30_minutes": timedelta(minutes=30)}


def alternative_songs(
    listens: list[Listen],
    gap: timedelta,
    sessions_number: int,
    songs_number: int,
    within: tuple[date, int] | None = None,
) -> list[tuple]:
    """Return rows of `(definition, *song)`. Each definition ranks all listens in sessions that started in time."""
    sessions = sessions_of(listens, gap)
    recent = started_in_time(sessions, within)
    plausible = [one for one in recent if not one.is_implausible]
    longest = sorted(recent, key=lambda one: (-one.duration_seconds, one.started_at, one.user_id))[:sessions_number]
    ranked = {
        "without_implausible_sessions": top_songs(sessions, top_sessions(plausible, sessions_number), songs_number),
        "longest_by_duration": top_songs(sessions, longest, songs_number),
    }
    for name, other in GAPS.items():
        if other != gap:
            cut_anew = sessions_of(listens, other)
            chosen = top_sessions(started_in_time(cut_anew, within), sessions_number)
            ranked[name] = top_songs(cut_anew, chosen, songs_number)
    ranked["songs_by_track_id"] = songs_by_track_id(sessions, top_sessions(recent, sessions_number), songs_number)
    return [(name, *vars(song).values()) for name, songs in ranked.items() for song in songs]


def songs_by_track_id(sessions: dict[Session, list[Listen]], chosen: list[Session], number: int) -> list[Song]:
    played = defaultdict(list)
    for one in chosen:
        for listen in sessions[one]:
            names = (listen.artist_name, listen.track_name)
            played[listen.track_id or names].append((names, one.session_id, one.user_id))
    found = []
    for key, plays in played.items():
        spellings = Counter(names for names, _, _ in plays)
        shown = min(spellings, key=lambda names: (-spellings[names], names))
        counts = [len(plays), len({play[1] for play in plays}), len({play[2] for play in plays})]
        found.append(([-count for count in counts], shown, key if isinstance(key, str) else "", counts))
    found.sort(key=lambda song: song[:3])
    return [Song(rank, *shown, *counts) for rank, (_, shown, _, counts) in enumerate(found[:number], start=1)]


def top_songs(sessions: dict[Session, list[Listen]], chosen: list[Session], number: int) -> list[Song]:
    plays, in_sessions, listeners = Counter(), defaultdict(set), defaultdict(set)
    for one in chosen:
        for listen in sessions[one]:
            song = (listen.artist_name, listen.track_name)
            plays[song] += 1
            in_sessions[song].add(one.session_id)
            listeners[song].add(one.user_id)
    order = sorted(plays, key=lambda song: (-plays[song], -len(in_sessions[song]), -len(listeners[song]), *song))
    return [
        Song(rank, *song, plays[song], len(in_sessions[song]), len(listeners[song]))
        for rank, song in enumerate(order[:number], start=1)
    ]
