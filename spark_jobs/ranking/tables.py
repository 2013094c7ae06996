"""The tables that the ranking writes, the answer last."""

from __future__ import annotations

from pyspark.sql import types as T

from spark_jobs.lake.tables import Table
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS

# A session by the gap of the definition that chose it.
CHOSEN_SESSION = T.StructType(
    [SESSIONS.schema[name] for name in ("user_id", "started_at", "ended_at", "track_count")],
)

TOP_SESSIONS = Table("top_sessions", T.StructType([T.StructField("rank", T.IntegerType()), *SESSIONS.schema.fields]))

CHOSEN_SESSIONS = Table(
    "chosen_sessions",
    T.StructType([T.StructField("definition", T.StringType()), T.StructField("session", CHOSEN_SESSION)]),
)

# A listen is there once for each session that was chosen and holds it: those of different definitions may overlap.
CHOSEN_LISTENS = Table(
    "chosen_listens", T.StructType([T.StructField("session", CHOSEN_SESSION), *LISTENS.schema.fields])
)

TOP_SONGS = Table(
    "top_songs",
    T.StructType(
        [
            T.StructField("rank", T.IntegerType()),
            T.StructField("artist_name", T.StringType()),
            T.StructField("track_name", T.StringType()),
            T.StructField("play_count", T.LongType()),
            T.StructField("session_count", T.LongType()),
            T.StructField("listener_count", T.LongType()),
        ]
    ),
)

# The same ranking under other definitions of a session, of the longest, of a song.
ALTERNATIVE_SONGS = Table(
    "alternative_songs", T.StructType([T.StructField("definition", T.StringType()), *TOP_SONGS.schema.fields])
)

# Who listened in the top sessions: the two counts are of those, the rest is null where it is unknown.
LISTENERS = Table(
    "listeners",
    T.StructType(
        [
            T.StructField("user_id", T.StringType()),
            T.StructField("session_count", T.LongType()),
            T.StructField("track_count", T.LongType()),
            T.StructField("country", T.StringType()),
            T.StructField("age", T.IntegerType()),
            T.StructField("registered_on", T.DateType()),
        ]
    ),
)

TABLES = (TOP_SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS, ALTERNATIVE_SONGS, LISTENERS, TOP_SONGS)
