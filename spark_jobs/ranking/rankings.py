"""Which sessions are the longest, and which songs were played most in them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

TOP_SESSIONS = 50
TOP_SONGS = 10


def top_sessions(sessions: DataFrame, number: int = TOP_SESSIONS) -> DataFrame:
    """The `number` sessions with the most tracks, all there are if fewer, with `rank` (int) from 1.

    Ties: the earlier start first, then the user.
    """
    return _ranked(sessions, _longest_first(), number)


def longest_sessions(sessions: DataFrame, number: int) -> DataFrame:
    """The `number` sessions that last longest, all there are if fewer; ties as above."""
    order = [F.desc("duration_seconds"), F.asc("started_at"), F.asc("user_id")]
    return _ranked(sessions, order, number)


def listens_of(sessions: DataFrame, listens: DataFrame, *columns: str) -> DataFrame:
    """The listens that belong to some sessions, with their `session_id`; few enough sessions to broadcast.

    Further `columns` of the sessions go along, for sessions of several kinds.
    """
    names = ("session_id", *columns)
    spans = sessions.select(*names, "user_id", "started_at", "ended_at")
    within = [
        spans.user_id == listens.user_id,
        listens.listened_at.between(spans.started_at, spans.ended_at),
    ]
    # A user's sessions of one kind do not overlap, so a listen meets at most one of them.
    return listens.join(F.broadcast(spans), on=within, how="inner").select(listens["*"], *names)


def top_songs(session_listens: DataFrame, number: int = TOP_SONGS) -> DataFrame:
    """The `number` songs played most in some sessions' listens, all there are if fewer, with `rank` (int) from 1.

    A song is its artist name and track name, both to the letter. Ties: more sessions first, then more listeners,
    then artist name and track name in code point order.
    """
    songs = session_listens.groupBy("artist_name", "track_name").agg(*song_counts())
    return _ranked(songs, most_played_first(), number)


def song_counts() -> list[Column]:
    """What is counted of a song in some sessions' listens: `play_count`, `session_count`, `listener_count` (long)."""
    return [
        F.count(F.lit(1)).alias("play_count"),
        F.count_distinct("session_id").alias("session_count"),
        F.count_distinct("user_id").alias("listener_count"),
    ]


def _ranked(rows: DataFrame, order: list[Column], number: int) -> DataFrame:
    # Ids count up from 0 in the one partition that is left; row_number() would do the same and have Spark warn,
    # a dozen times a run, that its window is not partitioned.
    first = rows.orderBy(*order).limit(number).coalesce(1)
    return first.withColumn("rank", (F.monotonically_increasing_id() + 1).cast("int"))


# Both orders are total: no two sessions of a user start together, and a song is its two names.
def _longest_first() -> list[Column]:
    return [F.desc("track_count"), F.asc("started_at"), F.asc("user_id")]


def most_played_first() -> list[Column]:
    """The order of songs, by their counts and names."""
    counts = [F.desc(count) for count in ("play_count", "session_count", "listener_count")]
    return [*counts, F.asc("artist_name"), F.asc("track_name")]
