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
    return _ranked(sessions, _longest_first("track_count"), number)


def lasting_sessions(sessions: DataFrame, number: int = TOP_SESSIONS) -> DataFrame:
    """The `number` sessions of the longest duration, ranked as by `top_sessions`."""
    return _ranked(sessions, _longest_first("duration_seconds"), number)


def listens_of(sessions: DataFrame, listens: DataFrame) -> DataFrame:
    """The listens that belong to some sessions, with their `session_id`; few enough sessions to broadcast.

    A listen is there once for each of the sessions it belongs to: at most one of those that were cut alike.
    """
    spans = sessions.select("session_id", "user_id", "started_at", "ended_at")
    within = [
        spans.user_id == listens.user_id,
        listens.listened_at.between(spans.started_at, spans.ended_at),
    ]
    return listens.join(F.broadcast(spans), on=within, how="inner").select(listens["*"], "session_id")


def top_songs(session_listens: DataFrame, number: int = TOP_SONGS) -> DataFrame:
    """The `number` songs played most in some sessions' listens, all there are if fewer, with `rank` (int) from 1.

    A song is its artist name and track name, both to the letter. Ties: more sessions first, then more listeners,
    then artist name and track name in code point order.
    """
    plays = session_listens.withColumn("play_count", F.lit(1))
    return _ranked(song_counts(plays, "artist_name", "track_name"), most_played_first(), number)


def song_counts(plays: DataFrame, *song: str) -> DataFrame:
    """How often each song was played, in how many sessions, by how many listeners: three counts (long).

    `song` are the columns that make a song. `plays` have a `session_id`, its `user_id`, and a `play_count` to add up.
    """
    # Counted step by step from sessions to users to songs, all where one shuffle by song has brought them: to count
    # distinct values at once, Spark would first write every row three times.
    of_sessions = plays.repartition(*song).groupBy(*song, "user_id", "session_id").agg(_sum("play_count"))
    of_users = of_sessions.groupBy(*song, "user_id").agg(_sum("play_count"), _rows("session_count"))
    return of_users.groupBy(*song).agg(_sum("play_count"), _sum("session_count"), _rows("listener_count"))


def _sum(count: str) -> Column:
    return F.sum(count).alias(count)


def _rows(name: str) -> Column:
    return F.count(F.lit(1)).alias(name)


def _ranked(rows: DataFrame, order: list[Column], number: int) -> DataFrame:
    # Ids count up from 0 in the one partition that is left; row_number() would do the same and have Spark warn,
    # a dozen times a run, that its window is not partitioned.
    first = rows.orderBy(*order).limit(number).coalesce(1)
    return first.withColumn("rank", (F.monotonically_increasing_id() + 1).cast("int"))


# Both orders are total: no two sessions of a user start together, and a song is its two names.
def _longest_first(length: str) -> list[Column]:
    return [F.desc(length), F.asc("started_at"), F.asc("user_id")]


def most_played_first() -> list[Column]:
    """The order of songs, by their counts and names."""
    counts = [F.desc(count) for count in ("play_count", "session_count", "listener_count")]
    return [*counts, F.asc("artist_name"), F.asc("track_name")]
