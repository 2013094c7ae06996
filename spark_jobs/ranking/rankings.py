"""Which sessions are the longest, and which songs were played most in them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.ranking.tables import CHOSEN_SESSION

TOP_SESSIONS = 50
TOP_SONGS = 10

# The definition whose ranking is the answer.
ANSWER = "answer"
# The columns that tell songs apart: one of the last two is null.
_SONG = ("definition", "song_id", "song_names")


def top_sessions(sessions: DataFrame, number: int = TOP_SESSIONS, length: str = "track_count") -> DataFrame:
    """The `number` sessions of the greatest `length`, all there are if fewer, with `rank` (int) from 1.

    Ties: the earlier start first, then the user.
    """
    # Ids count up from 0 in the one partition that is left. With row_number() Spark would warn, a dozen times a run,
    # that the window is not partitioned.
    first = sessions.orderBy(sort_key(length)).limit(number).coalesce(1)
    return first.withColumn("rank", (F.monotonically_increasing_id() + 1).cast("int"))


def chosen(definition: str, sessions: DataFrame) -> DataFrame:
    """Some sessions as those that a `definition` chose: as CHOSEN_SESSIONS."""
    session = F.struct(*CHOSEN_SESSION.fieldNames()).alias("session")
    return sessions.select(F.lit(definition).alias("definition"), session)


def sort_key(length: str) -> Column:
    """Where a session stands among the longest, as `top_sessions` orders them: the lower, the further ahead.

    It is a total order: the sessions of a user start at different times.
    """
    return F.struct((-F.col(length)).alias("longest"), "started_at", "user_id")


def top_songs(session_listens: DataFrame, number: int = TOP_SONGS) -> DataFrame:
    """The `number` songs played most by each definition, all there are if fewer, with `rank` (int) from 1.

    `session_listens` are listens with the `definition` and `session` that they count in, and a `song_id` or null. A
    song is its artist name and track name, both to the letter. Ties: more sessions first, then more listeners, then
    artist name and track name in code point order.

    A song with an id is its id, shown under the names it was played most under, ties again in code point order. Songs
    that tie in all of the above are in the order of their ids, the one without first.
    """
    names = F.struct("artist_name", "track_name")
    keyed = session_listens.withColumn("song_names", F.when(F.col("song_id").isNull(), names))
    songs = (
        _of_songs(keyed, _played_most(keyed, number))
        .groupBy(*_SONG)
        .agg(
            F.count(F.lit(1)).alias("play_count"),
            # To count distinct values, Spark would first write every row three times; these sets are small.
            F.size(F.collect_set("session")).cast("long").alias("session_count"),
            F.size(F.collect_set("user_id")).cast("long").alias("listener_count"),
            F.mode(names, deterministic=True).alias("shown"),
        )
    )
    rank = F.row_number().over(W.partitionBy("definition").orderBy(*_most_played_first()))
    return songs.select("*", "shown.*").withColumn("rank", rank).where(F.col("rank") <= number)


def _played_most(keyed: DataFrame, number: int) -> DataFrame:
    """The songs that can be among the `number` of their definition: by plays alone, ties all in.

    Counting is cheap, and what else is asked of a song is not: here that is a quarter of the time.
    """
    plays = keyed.groupBy(*_SONG).agg(F.count(F.lit(1)).alias("play_count"))
    place = F.rank().over(W.partitionBy("definition").orderBy(F.desc("play_count")))
    return plays.withColumn("place", place).where(F.col("place") <= number).select(*_SONG)


def _of_songs(keyed: DataFrame, songs: DataFrame) -> DataFrame:
    few = songs.select(*(F.col(column).alias(f"{column}_of_few") for column in _SONG))
    same = [F.col(column).eqNullSafe(F.col(f"{column}_of_few")) for column in _SONG]
    # `few` has each song once, so the join repeats no listen.
    return keyed.join(F.broadcast(few), on=same, how="left_semi")


def _most_played_first() -> list[Column]:
    # A total order: a song is its two names, or has an id.
    counts = [F.desc(count) for count in ("play_count", "session_count", "listener_count")]
    return [*counts, F.asc("artist_name"), F.asc("track_name"), F.asc_nulls_first("song_id")]
