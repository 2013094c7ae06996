"""The plays of each song by session, against a count of the same listens in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from include.report.listening.model import SessionPlays, Song
from include.report.listening.spread import SESSIONS_NAMED, SONGS_SPREAD, song_spread
from include.report.scan import tables_of
from spark_jobs.shared.lake import Lake
from tests import model
from tests.frames import at
from tests.include.report.finished import PARAMETERS, finish, in_a_row, made
from tests.logs import GAP, RUN_DATE

NAMES = ["A", "B", "C", "坂本龍一"]


def test_spread_counts_plays_in_top_sessions_only(lake: Lake) -> None:
    chance = random.Random(7)
    start = datetime(2009, 4, 1, tzinfo=UTC)
    times = sorted(start + timedelta(minutes=chance.randrange(60 * 24 * 20)) for _ in range(4000))
    played = [
        model.Listen(chance.choice("uvw"), time, None, chance.choice(NAMES), None, chance.choice(NAMES))
        for time in times
    ]
    finish(lake, played, parameters={**PARAMETERS, "top_sessions": 8})
    sessions = model.sessions_of(played, GAP)
    top = model.top_sessions(sessions, 8)
    songs = model.top_songs(sessions, top, 12)
    with tables_of(lake, RUN_DATE) as tables:
        found = song_spread(tables, tuple(Song(**asdict(song)) for song in songs))

    assert [(one.rank, one.artist_name, one.track_name) for one in found] == [
        (song.rank, song.artist_name, song.track_name) for song in songs[:SONGS_SPREAD]
    ]
    for song, one in zip(songs, found, strict=False):
        plays, by_user = Counter(), Counter()
        for rank, session in enumerate(top, start=1):
            for listen in sessions[session]:
                if (listen.artist_name, listen.track_name) == (song.artist_name, song.track_name):
                    plays[rank, session.user_id] += 1
                    by_user[session.user_id] += 1
        ordered = sorted(plays.items(), key=lambda item: (-item[1], item[0]))
        assert one.sessions == tuple(
            SessionPlays(session_rank=rank, user_id=user, plays=number) for (rank, user), number in ordered
        )
        assert by_user[one.first_listener] == max(by_user.values()) == one.first_listener_plays
        assert sum(plays.values()) == song.play_count


def test_sessions_with_most_plays_are_named_others_summed(lake: Lake) -> None:
    played = in_a_row("u", at("12:00:00"), [("A", "B")] * 3)
    for day in range(1, SESSIONS_NAMED + 5):
        played += in_a_row("v", at("12:00:00") + timedelta(days=day), [("A", "B")])
    finish(lake, played)
    (song,) = made(lake).song_spread
    assert song.sessions[0] == SessionPlays(session_rank=1, user_id="u", plays=3)
    assert len(song.sessions) == SESSIONS_NAMED
    assert (song.other_plays, song.first_listener, song.first_listener_plays) == (5, "v", 24)


def test_without_songs_there_is_nothing_to_spread(lake: Lake) -> None:
    finish(lake, [])
    with tables_of(lake, RUN_DATE) as tables:
        assert song_spread(tables, ()) == ()
