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
SPAN = ("user_id", "started_at", "ended_at")


def definitions(run_gap: timedelta) -> list[str]:
    """The definitions that can differ from the answer: a gap that is the run's own cannot."""
    return [name for name in DEFINITIONS if GAPS.get(name) != run_gap]


def alternative_sessions(
    longest: DataFrame, sessions: DataFrame, listens: DataFrame, run_gap: timedelta, number: int
) -> DataFrame:
    """The `number` longest sessions of each definition: `definition`, `session_id`, and the span of a user's listens.

    `sessions` were cut from `listens` with `run_gap`, `longest` are the answer's. A session's id is its span, so one
    that several definitions choose has the same in each.
    """
    chosen = {
        WITHOUT_IMPLAUSIBLE: rankings.top_sessions(sessions.where(~F.col("is_implausible")), number),
        BY_DURATION: rankings.lasting_sessions(sessions, number),
        BY_TRACK_ID: longest,
    }
    for name, gap in GAPS.items():
        if gap > run_gap:
            chosen[name] = rankings.top_sessions(joined(sessions, gap), number)
        elif gap < run_gap:
            chosen[name] = rankings.top_sessions(parts_of_longest(longest, sessions, listens, gap, number), number)
    named = [rows.select(F.lit(name).alias("definition"), *SPAN) for name, rows in chosen.items()]
    return reduce(DataFrame.unionByName, named).withColumn("session_id", F.struct(*SPAN))


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


def parts_of_longest(
    longest: DataFrame, sessions: DataFrame, listens: DataFrame, gap: timedelta, number: int
) -> DataFrame:
    """Sessions of a shorter gap than that of `sessions`; among them the `number` longest there are.

    The parts of the `number` `longest` sessions show how many tracks it takes: another part that has as many lies in a
    session that has as many. Only such sessions are cut.
    """
    it_takes = rankings.top_sessions(_parts(longest, listens, gap), number).agg(F.min("track_count").alias("it_takes"))
    # One row, so each session meets it once.
    long_enough = sessions.join(F.broadcast(it_takes), on=F.col("track_count") >= F.col("it_takes"), how="inner")
    return _parts(long_enough, listens, gap)


def _parts(sessions: DataFrame, listens: DataFrame, gap: timedelta) -> DataFrame:
    times = [F.col("listened_at").alias(name) for name in ("started_at", "ended_at")]
    heard = rankings.listens_of(sessions, listens)
    return joined(heard.select("user_id", *times, F.lit(1).alias("track_count")), gap)


def session_plays(chosen: DataFrame, listens: DataFrame) -> DataFrame:
    """How often each song was played in each of the sessions of `alternative_sessions`, under each track id.

    A row has `session_id`, `user_id`, a listen's names and `track_id`, and `play_count` (long).
    """
    # What several definitions chose is read once.
    sessions = chosen.select("session_id", *SPAN).distinct()
    song = ("artist_name", "track_name", "track_id")
    heard = rankings.listens_of(sessions, listens)
    return heard.groupBy("session_id", "user_id", *song).agg(F.count(F.lit(1)).alias("play_count"))


def alternative_songs(chosen: DataFrame, plays: DataFrame, number: int) -> DataFrame:
    """The `number` songs played most by each definition, with `rank` (int) from 1.

    `chosen` are the sessions of `alternative_sessions`, `plays` their `session_plays`. Ties as in the answer; of songs
    by track id that tie even in their names, those without one come first, then the id decides.
    """
    # A session is chosen by several definitions, and then its plays count for each.
    each = plays.join(F.broadcast(chosen.select("definition", "session_id")), on="session_id", how="inner")
    by_id = by_track_id(each.where(F.col("definition") == BY_TRACK_ID))
    by_names = each.where(F.col("definition") != BY_TRACK_ID).withColumn("track_id", F.lit(None).cast("string"))
    song = ("definition", "track_id", "artist_name", "track_name")
    songs = rankings.song_counts(by_names.unionByName(by_id), *song)
    # The order is total: a song is its names, and among those by track id its id too.
    order = [*rankings.most_played_first(), F.asc_nulls_first("track_id")]
    rank = F.row_number().over(W.partitionBy("definition").orderBy(*order))
    return songs.withColumn("rank", rank).where(F.col("rank") <= number)


def by_track_id(plays: DataFrame) -> DataFrame:
    """Give each track id the names it was played most under, ties in code point order; without an id, names stay."""
    names = ("artist_name", "track_name")
    spelled = plays.groupBy("track_id", *names).agg((-F.sum("play_count")).alias("fewest"))
    # The first in this order; a track id is there once, and a null meets none.
    shown = spelled.groupBy("track_id").agg(F.min(F.struct("fewest", *names)).alias("shown"))
    found = plays.join(shown, on="track_id", how="left")
    return found.withColumns({name: F.coalesce(f"shown.{name}", name) for name in names}).drop("shown")


def place() -> Column:
    """Where a row's `definition` stands among DEFINITIONS."""
    return F.array_position(F.lit(list(DEFINITIONS)), F.col("definition"))
