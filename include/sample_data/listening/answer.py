"""The answer to a generated log, counted while it is written: nothing of the pipeline has a part in it.

It lies beside the log as `<log>.answer.json`. Beside what the log holds (lines, listens, users, rejected lines by
reason, sessions) it has the longest sessions and the songs of the default question: 20 minutes, 50 sessions, 10 songs.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from include.sample_data.listening.histories import SESSION_GAP_SECONDS

TOP_SESSIONS, TOP_SONGS = 50, 10


@dataclass(frozen=True, order=True)
class Session:
    """A session, ordered as the question wants it: more tracks first, then the earlier start, then the user."""

    tracks_negated: int
    started_at: int
    user_id: str
    ended_at: int
    songs: list[bytes] = field(compare=False)


class Answer:
    """Counts users' listens as they come; memory holds the longest sessions only."""

    def __init__(self) -> None:
        self.listens = self.users = self.sessions = 0
        self.rejected: Counter[str] = Counter()
        self.longest: list[Session] = []

    def add_user(self, user_id: str, times: np.ndarray, songs: Sequence[bytes]) -> None:
        """Count all listens of a user, newest first: seconds since 1970, and the last four fields of each line."""
        self.users += 1
        self.listens += len(times)
        oldest_first = times[::-1]
        opens = np.flatnonzero(np.diff(oldest_first) > SESSION_GAP_SECONDS) + 1
        bounds = np.concatenate(([0], opens, [len(times)]))
        self.sessions += len(bounds) - 1
        lengths = np.diff(bounds)
        shortest = -self.longest[-1].tracks_negated if len(self.longest) == TOP_SESSIONS else 1
        for place in np.flatnonzero(lengths >= shortest):
            first, end = int(bounds[place]), int(bounds[place + 1])
            started_at, ended_at = int(oldest_first[first]), int(oldest_first[end - 1])
            its_songs = list(songs[len(songs) - end : len(songs) - first])
            self.longest.append(Session(first - end, started_at, user_id, ended_at, its_songs))
            if len(self.longest) > 2 * TOP_SESSIONS:
                self._keep_the_longest()
        self._keep_the_longest()

    def _keep_the_longest(self) -> None:
        self.longest = sorted(self.longest)[:TOP_SESSIONS]

    def top_songs(self) -> list[dict[str, Any]]:
        """Rank the songs of the longest sessions: plays, sessions, listeners, then the names in code point order."""
        plays: Counter[tuple[str, str]] = Counter()
        sessions, listeners = Counter[tuple[str, str]](), defaultdict[tuple[str, str], set[str]](set)
        for session in self.longest:
            counts = Counter(map(_names, session.songs))
            plays.update(counts)
            sessions.update(counts.keys())
            for song in counts:
                listeners[song].add(session.user_id)
        order = sorted(plays, key=lambda song: (-plays[song], -sessions[song], -len(listeners[song]), song))
        return [
            {
                "rank": rank,
                "artist_name": song[0],
                "track_name": song[1],
                "play_count": plays[song],
                "session_count": sessions[song],
                "listener_count": len(listeners[song]),
            }
            for rank, song in enumerate(order[:TOP_SONGS], start=1)
        ]

    def top_sessions(self) -> list[dict[str, Any]]:
        """Describe the longest sessions, longest first."""
        return [
            {
                "rank": rank,
                "user_id": session.user_id,
                "started_at": _written(session.started_at),
                "ended_at": _written(session.ended_at),
                "track_count": -session.tracks_negated,
            }
            for rank, session in enumerate(self.longest, start=1)
        ]

    def write(self, path: Path, made_by: dict[str, Any]) -> None:
        """Write all that is known, with the options the log was made by."""
        facts = {
            "made_by": made_by,
            "lines": self.listens + self.rejected.total(),
            "listens": self.listens,
            "rejected": dict(self.rejected),
            "users": self.users,
            "sessions": self.sessions,
            "top_sessions": self.top_sessions(),
            "top_songs": self.top_songs(),
        }
        path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def beside(log: Path) -> Path:
    """Return where the answer to a log lies."""
    return log.with_name(f"{log.name}.answer.json")


def _names(song: bytes) -> tuple[str, str]:
    _, artist_name, _, track_name = song.decode().removesuffix("\n").split("\t")
    return artist_name, track_name


def _written(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
