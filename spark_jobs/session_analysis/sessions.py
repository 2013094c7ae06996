"""What a session is: a user's listens in time order, with no pause longer than the gap between two of them."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.shared.session_gap import SESSION_GAP, number_sessions, seconds_between

# Nobody listens like that: a script, a broken clock, or several people under one name.
IMPLAUSIBLE_TRACKS_PER_MINUTE, OVER_AT_LEAST_TRACKS = 3, 30
IMPLAUSIBLE_DURATION = timedelta(days=3)


def sessionize(listens: DataFrame, gap: timedelta = SESSION_GAP) -> DataFrame:
    """Give listens their `session_number` (long, a user's sessions counted from 1).

    A pause longer than `gap` opens a session; exactly the gap stays in. Only `user_id` and `listened_at` are
    looked at, so midnight and time zones change nothing. Beside these three columns comes `song` (long), a hash of the
    artist and track names, for the windows hold all rows of a user.
    """
    songs = listens.select("user_id", "listened_at", F.xxhash64("artist_name", "track_name").alias("song"))
    return number_sessions(songs, "listened_at", "listened_at", gap)


def summarize_sessions(numbered_listens: DataFrame) -> DataFrame:
    """One row a session of `sessionize`'s listens: when, how long, its tracks and songs, is it plausible.

    Songs are told apart by a hash of 64 bits: two songs of one session would share theirs once in a million million
    sessions as long as the longest of LastFM-1K (5,360 tracks).
    """
    # count_distinct would sort all listens once more, by song: it takes three times as long.
    songs = F.array_distinct(F.collect_list("song"))
    # They are in this order; told so, Spark sums up one session after the other and not all of a bucket in memory.
    in_order = numbered_listens.sortWithinPartitions("user_id", "session_number")
    per_session = in_order.groupBy("user_id", "session_number").agg(
        F.min("listened_at").alias("started_at"),
        F.max("listened_at").alias("ended_at"),
        F.count(F.lit(1)).alias("track_count"),
        F.size(songs).cast("long").alias("distinct_song_count"),
    )
    with_duration = per_session.withColumns(
        {
            "session_id": session_id(F.col("user_id"), F.col("started_at")),
            "duration_seconds": seconds_between(F.col("started_at"), F.col("ended_at")),
        }
    )
    return with_duration.withColumn("is_implausible", is_implausible(F.col("track_count"), F.col("duration_seconds")))


def is_implausible(track_count: Column, duration_seconds: Column) -> Column:
    """Is it more than 3 tracks a minute over at least 30 tracks, or longer than three days? Flagged, never cut."""
    too_fast = track_count * 60 > duration_seconds * IMPLAUSIBLE_TRACKS_PER_MINUTE
    too_long = duration_seconds > int(IMPLAUSIBLE_DURATION.total_seconds())
    return ((track_count >= OVER_AT_LEAST_TRACKS) & too_fast) | too_long


def session_id(user_id: Column, started_at: Column) -> Column:
    """Name a session by its user and start, so that it keeps its name when other data arrives.

    The start has a fixed length, so no two users' sessions can share a name.
    """
    return F.concat(user_id, F.lit("-"), F.date_format(started_at, "yyyyMMdd'T'HHmmss'Z'"))
