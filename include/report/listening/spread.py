"""How the plays of the top songs spread over the top sessions and their listeners."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from pyiceberg.expressions import And, In

from include.report.listening.model import SessionPlays, Song, SongSpread
from include.report.scan import RunTables
from spark_jobs.ranking.tables import CHOSEN_LISTENS, TOP_SESSIONS

Songs = tuple[Song, ...]
SONG = ["artist_name", "track_name"]
# What tells a session from all others, also of those that are cut by other gaps.
SESSION = ["user_id", "started_at", "ended_at"]
# Songs whose plays are followed into their sessions, and the sessions named for each.
SONGS_SPREAD, SESSIONS_NAMED = 10, 20


def song_spread(tables: RunTables, songs: Songs) -> tuple[SongSpread, ...]:
    """Return the first SONGS_SPREAD songs with their plays in up to SESSIONS_NAMED top sessions, most plays first."""
    followed = songs[:SONGS_SPREAD]
    if not followed:
        return ()
    by_song = dict(iter(_plays(tables, followed).groupby(SONG)))
    return tuple(_spread(song, by_song[song.artist_name, song.track_name]) for song in followed)


def _plays(tables: RunTables, songs: Songs) -> pd.DataFrame:
    """How often each song was played in each top session: artist_name, track_name, session_rank, user_id, plays."""
    sessions = tables.rows(TOP_SESSIONS, "rank", *SESSION).to_pandas().rename(columns={"rank": "session_rank"})
    # Other definitions may have chosen other sessions, and those hold some of the same listens.
    in_session = _listens(tables, songs).merge(sessions, on=SESSION)
    plays = in_session.groupby([*SONG, "session_rank", "user_id"]).size().reset_index(name="plays")
    return plays.sort_values(["plays", "session_rank"], ascending=[False, True])


def _listens(tables: RunTables, songs: Songs) -> pd.DataFrame:
    """The listens of chosen sessions to songs with the names of some songs, each with its session."""
    wanted = And(*(In(term=name, literals=[getattr(song, name) for song in songs]) for name in SONG))
    found = tables.rows(CHOSEN_LISTENS, "session", *SONG, where=wanted)
    session = found["session"].combine_chunks()
    columns = {name: found[name] for name in SONG} | {name: session.field(name) for name in SESSION}
    return pa.table(columns).to_pandas()


def _spread(song: Song, plays: pd.DataFrame) -> SongSpread:
    named = plays.head(SESSIONS_NAMED)[["session_rank", "user_id", "plays"]].astype({"session_rank": int})
    by_listener = plays.groupby("user_id")["plays"].sum()
    return SongSpread(
        rank=song.rank,
        artist_name=song.artist_name,
        track_name=song.track_name,
        sessions=tuple(SessionPlays(**one) for one in named.to_dict("records")),
        other_plays=int(plays["plays"].iloc[SESSIONS_NAMED:].sum()),
        first_listener=by_listener.idxmax(),
        first_listener_plays=int(by_listener.max()),
    )
