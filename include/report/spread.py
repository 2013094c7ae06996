"""How the plays of the top songs spread over the top sessions and their listeners."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyiceberg.expressions import And, In

from include.report.scan import RunTables
from spark_jobs.ranking.tables import CHOSEN_LISTENS, TOP_SESSIONS

Rows = list[dict[str, Any]]
SONG = ["artist_name", "track_name"]
# What tells a session from all others, also of those that are cut by other gaps.
SESSION = ["user_id", "started_at", "ended_at"]
# Songs whose plays are followed into their sessions, and the sessions named for each.
SONGS_SPREAD, SESSIONS_NAMED = 10, 20


def song_spread(tables: RunTables, songs: Rows) -> Rows:
    """The first SONGS_SPREAD songs, each with its plays in the top sessions, those with most plays first.

    `sessions` names up to SESSIONS_NAMED of them by `session_rank`, `user_id` and `plays`; `other_plays` are those in
    all other ones. `first_listener` is the user who played the song most, `first_listener_plays` how often.
    """
    followed = songs[:SONGS_SPREAD]
    if not followed:
        return []
    plays = _plays(tables, followed)
    by_song = dict(iter(plays.groupby(SONG)))
    return [
        {**{name: song[name] for name in ("rank", *SONG)}, **_spread(by_song[song["artist_name"], song["track_name"]])}
        for song in followed
    ]


def _plays(tables: RunTables, songs: Rows) -> pd.DataFrame:
    """How often each song was played in each top session: artist_name, track_name, session_rank, user_id, plays."""
    sessions = tables.rows(TOP_SESSIONS, "rank", *SESSION).to_pandas().rename(columns={"rank": "session_rank"})
    # Other definitions may have chosen other sessions, and those hold some of the same listens.
    in_session = _listens(tables, songs).merge(sessions, on=SESSION)
    plays = in_session.groupby([*SONG, "session_rank", "user_id"]).size().reset_index(name="plays")
    return plays.sort_values(["plays", "session_rank"], ascending=[False, True])


def _listens(tables: RunTables, songs: Rows) -> pd.DataFrame:
    """The listens of chosen sessions to songs with the names of some songs, each with its session."""
    wanted = And(*(In(term=name, literals=[song[name] for song in songs]) for name in SONG))
    found = tables.rows(CHOSEN_LISTENS, "session", *SONG, where=wanted)
    session = found["session"].combine_chunks()
    columns = {name: found[name] for name in SONG} | {name: session.field(name) for name in SESSION}
    return pa.table(columns).to_pandas()


def _spread(plays: pd.DataFrame) -> dict[str, Any]:
    named = plays.head(SESSIONS_NAMED)[["session_rank", "user_id", "plays"]].astype({"session_rank": int})
    by_listener = plays.groupby("user_id")["plays"].sum()
    return {
        "sessions": named.to_dict("records"),
        "other_plays": int(plays["plays"].iloc[SESSIONS_NAMED:].sum()),
        "first_listener": by_listener.idxmax(),
        "first_listener_plays": int(by_listener.max()),
    }
