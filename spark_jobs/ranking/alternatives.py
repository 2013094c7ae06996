"""The same ranking under other honest definitions: how much of the answer is owed to the ones that were chosen."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.ranking import rankings
from spark_jobs.shared.session_gap import number_sessions

WITHOUT_IMPLAUSIBLE = "without_implausible_sessions"
BY_DURATION = "longest_by_duration"
GAPS = {"gap_10_minutes": timedelta(minutes=10), "gap_30_minutes": timedelta(minutes=30)}
BY_TRACK_ID = "songs_by_track_id"
DEFINITIONS = (WITHOUT_IMPLAUSIBLE, BY_DURATION, *GAPS, BY_TRACK_ID)


def definitions(run_gap: timedelta) -> list[str]:
    """The definitions that can differ from the answer: a gap that is the run's own cannot."""
    return [name for name in DEFINITIONS if GAPS.get(name) != run_gap]


def alternative_sessions(sessions: DataFrame, listens: DataFrame, run_gap: timedelta, number: int) -> DataFrame:
    """The `number` longest sessions of each definition: `definition`, `session_id`, and the span of one user.

    `sessions` were cut from `listens` with `run_gap`. A session's id is its user and start.
    """
    chosen = {
        WITHOUT_IMPLAUSIBLE: rankings.top_sessions(sessions.where(~F.col("is_implausible")), number),
        BY_DURATION: rankings.longest_sessions(sessions, number),
        BY_TRACK_ID: rankings.top_sessions(sessions, number),
    }
    for name, gap in GAPS.items():
        if gap > run_gap:
            chosen[name] = rankings.top_sessions(joined(sessions, gap), number)
        elif gap < run_gap:
            chosen[name] = rankings.top_sessions(parts_of_longest(sessions, listens, gap, number), number)
    spans = ("user_id", "started_at", "ended_at")
    named = [rows.select(F.lit(name).alias("definition"), *spans) for name, rows in chosen.items()]
    return reduce(DataFrame.unionByName, named).withColumn("session_id", F.struct("user_id", "started_at"))


def joined(stretches: DataFrame, gap: timedelta) -> DataFrame:
    """Sessions of another gap, from stretches of listening that no session of that gap cuts in two.

    Stretches and sessions alike are `user_id`, `started_at`, `ended_at`, `track_count`.
    """
    numbered = number_sessions(stretches, "started_at", "ended_at", gap)
    return numbered.groupBy("user_id", "session_number").agg(
        F.min("started_at").alias("started_at"),
        F.max("ended_at").alias("ended_at"),
        F.sum("track_count").alias("track_count"),
    )


def parts_of_longest(sessions: DataFrame, listens: DataFrame, gap: timedelta, number: int) -> DataFrame:
    """Sessions of a shorter gap than that of `sessions`; among them the `number` longest there are.

    The parts of the `number` longest sessions show how many tracks it takes: another part that has as many lies in a
    session that has as many. Only the listens of such sessions' users are cut.
    """
    first = _parts(listens, rankings.top_sessions(sessions, number), gap)
    it_takes = rankings.top_sessions(first, number).agg(F.min("track_count").alias("it_takes"))
    # One row, so each session meets it once.
    long_enough = sessions.join(F.broadcast(it_takes), on=F.col("track_count") >= F.col("it_takes"), how="inner")
    return _parts(listens, long_enough, gap)


def _parts(listens: DataFrame, sessions: DataFrame, gap: timedelta) -> DataFrame:
    """What the listens of some sessions' users are cut into."""
    # A semi-join only looks the user up, so it may be there many times.
    theirs = listens.join(F.broadcast(sessions.select("user_id")), on="user_id", how="left_semi")
    times = [F.col("listened_at").alias(name) for name in ("started_at", "ended_at")]
    return joined(theirs.select("user_id", *times, F.lit(1).alias("track_count")), gap)


def alternative_songs(session_listens: DataFrame, number: int) -> DataFrame:
    """The `number` songs played most by each definition, with `rank` (int) from 1.

    `session_listens` are listens with the `definition` and `session_id` of a session of `alternative_sessions`. By
    track id, a song is shown under the names it was played most as, ties in code point order; a listen without a track
    id is of the song of its names. Ties as in the answer, then by track id, those without one first.
    """
    names = F.struct("artist_name", "track_name")
    track_id = F.when(F.col("definition") == BY_TRACK_ID, F.col("track_id"))
    keyed = session_listens.withColumns({"song_id": track_id, "song_names": F.when(track_id.isNull(), names)})
    songs = keyed.groupBy("definition", "song_id", "song_names").agg(
        *rankings.song_counts(), F.mode(names, deterministic=True).alias("shown")
    )
    # The order is total: within a definition a song is its track id, or without one its names.
    order = [*rankings.most_played_first(), F.asc_nulls_first("song_id")]
    rank = F.row_number().over(W.partitionBy("definition").orderBy(*order))
    return songs.select("*", "shown.*").withColumn("rank", rank).where(F.col("rank") <= number)


def place() -> Column:
    """Where a row's `definition` stands among DEFINITIONS."""
    return F.array_position(F.lit(list(DEFINITIONS)), F.col("definition"))
