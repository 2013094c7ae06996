"""The same ranking under other honest definitions: how much of the answer is owed to the ones that were chosen."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking import rankings
from spark_jobs.shared.session_gap import number_sessions
from spark_jobs.shared.spans import listens_within, reach

WITHOUT_IMPLAUSIBLE = "without_implausible_sessions"
BY_DURATION = "longest_by_duration"
GAPS = {"gap_10_minutes": timedelta(minutes=10), "gap_30_minutes": timedelta(minutes=30)}
DEFINITIONS = (WITHOUT_IMPLAUSIBLE, BY_DURATION, *GAPS, rankings.BY_TRACK_ID)


def definitions(run_gap: timedelta) -> list[str]:
    """The definitions that can differ from the answer: a gap that is the run's own cannot."""
    return [name for name in DEFINITIONS if GAPS.get(name) != run_gap]


def alternative_sessions(
    longest: DataFrame, sessions: DataFrame, listens: DataFrame, run_gap: timedelta, number: int
) -> DataFrame:
    """The `number` longest sessions of each definition, as `rankings.chosen`.

    `sessions` were cut from `listens` with `run_gap`, `longest` are the answer's.
    """
    longest_of = {
        WITHOUT_IMPLAUSIBLE: rankings.top_sessions(sessions.where(~F.col("is_implausible")), number),
        BY_DURATION: rankings.lasting_sessions(sessions, number),
        rankings.BY_TRACK_ID: longest,
    }
    for name, gap in GAPS.items():
        if gap > run_gap:
            longest_of[name] = rankings.top_sessions(joined(sessions, gap), number)
        elif gap < run_gap:
            longest_of[name] = rankings.top_sessions(parts_of_longest(longest, sessions, listens, gap, number), number)
    return reduce(DataFrame.unionByName, (rankings.chosen(name, rows) for name, rows in longest_of.items()))


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
    heard = listens_within(sessions, listens.where(reach(sessions)))
    return joined(heard.select("user_id", *times, F.lit(1).alias("track_count")), gap)


def place() -> Column:
    """Where a row's `definition` stands among DEFINITIONS."""
    return F.array_position(F.lit(list(DEFINITIONS)), F.col("definition"))
