"""What a session is: a user's listens in time order, with no pause longer than the gap between two of them."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.shared.session_gap import OTHER_GAPS, SESSION_GAP, longest_part, number_sessions, seconds_between

# Nobody listens like that: a script, a broken clock, or several people under one name.
IMPLAUSIBLE_TRACKS_PER_MINUTE, OVER_AT_LEAST_TRACKS = 3, 30
IMPLAUSIBLE_DURATION = timedelta(days=3)


def sessionize(listens: DataFrame, gap: timedelta = SESSION_GAP) -> DataFrame:
    """Give listens their `session_number` (long, a user's sessions counted from 1).

    A pause longer than `gap` opens a session; exactly the gap stays in. Only `user_id` and `listened_at` are
    looked at, so midnight and time zones change nothing. Beside these three columns come `song` (long), a hash of the
    artist and track names, for the windows hold all rows of a user, and for each of OTHER_GAPS that is shorter, named
    as its `longest_part`, how many tracks the part has up to this listen (int).
    """
    songs = listens.select("user_id", "listened_at", F.xxhash64("artist_name", "track_name").alias("song"))
    shorter = {longest_part(other): other for other in OTHER_GAPS if other < gap}
    if not shorter:
        return number_sessions(songs, "listened_at", "listened_at", gap)

    by_user = W.partitionBy("user_id").orderBy("listened_at")
    pause = seconds_between(F.lag("listened_at").over(by_user), F.col("listened_at"))
    placed = songs.withColumns({"place": F.row_number().over(by_user), "pause": pause})
    # Before the sessions are numbered, so that Spark counts both in one window: each holds all rows of a user.
    opened = placed.withColumns({f"{part}_opened": _opening_place(other) for part, other in shorter.items()})
    numbered = number_sessions(opened, "listened_at", "listened_at", gap)
    so_far = by_user.rowsBetween(W.unboundedPreceding, W.currentRow)
    lengths = {part: F.col("place") - F.max(f"{part}_opened").over(so_far) + 1 for part in shorter}
    return numbered.withColumns(lengths).select("user_id", "listened_at", "song", "session_number", *shorter)


def _opening_place(gap: timedelta) -> Column:
    """The place of a listen that opens a part, null of one that goes on with it."""
    goes_on = F.col("pause") <= gap.total_seconds()
    return F.when(goes_on, None).otherwise(F.col("place"))


def summarize_sessions(numbered_listens: DataFrame) -> DataFrame:
    """One row a session of `sessionize`'s listens: when, how long, its tracks, songs and parts, is it plausible.

    Songs are told apart by a hash of 64 bits: two songs of one session would share theirs once in a million million
    sessions as long as the longest of LastFM-1K (5,360 tracks).
    """
    # count_distinct would sort all listens once more, by song: it takes three times as long.
    songs = F.array_distinct(F.collect_list("song"))
    parts = [longest_part(gap) for gap in OTHER_GAPS]
    cut = [part for part in parts if part in numbered_listens.columns]
    # They are in this order; told so, Spark sums up one session after the other and not all of a bucket in memory.
    in_order = numbered_listens.sortWithinPartitions("user_id", "session_number")
    per_session = in_order.groupBy("user_id", "session_number").agg(
        F.min("listened_at").alias("started_at"),
        F.max("listened_at").alias("ended_at"),
        F.count(F.lit(1)).alias("track_count"),
        F.size(songs).cast("long").alias("distinct_song_count"),
        *(F.max(part).cast("long").alias(part) for part in cut),
    )
    with_duration = per_session.withColumns(
        {
            "session_id": session_id(F.col("user_id"), F.col("started_at")),
            "duration_seconds": seconds_between(F.col("started_at"), F.col("ended_at")),
            # By a gap that is not shorter a session is its own longest part.
            **{part: F.col("track_count") for part in parts if part not in cut},
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
