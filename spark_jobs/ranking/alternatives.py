"""The same ranking under other honest definitions: how much of the answer is owed to the ones that were chosen."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking import rankings
from spark_jobs.ranking.start_window import StartWindow, reaching_into, started_in
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
    longest: DataFrame,
    sessions: DataFrame,
    listens: DataFrame,
    run_gap: timedelta,
    number: int,
    window: StartWindow | None = None,
) -> DataFrame:
    """The `number` longest sessions of each definition that started in the `window`, as `rankings.chosen`.

    `sessions` are all there are, cut from `listens` with `run_gap`; `longest` are the answer's. A session of another
    gap may start in the window where none of `sessions` does, or the other way round.
    """
    recent = started_in(sessions, window)
    longest_of = {
        WITHOUT_IMPLAUSIBLE: rankings.top_sessions(recent.where(~F.col("is_implausible")), number),
        BY_DURATION: rankings.lasting_sessions(recent, number),
        rankings.BY_TRACK_ID: longest,
    }
    for name, gap in GAPS.items():
        if gap > run_gap:
            longest_of[name] = rankings.top_sessions(started_in(joined(sessions, gap), window), number)
        elif gap < run_gap:
            parts = parts_of_longest(longest, reaching_into(sessions, window), listens, gap, number, window)
            longest_of[name] = rankings.top_sessions(parts, number)
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
    longest: DataFrame,
    sessions: DataFrame,
    listens: DataFrame,
    gap: timedelta,
    number: int,
    window: StartWindow | None = None,
) -> DataFrame:
    """Sessions of a shorter gap than that of `sessions` that started in the `window`; among them the `number` longest.

    The parts of the `number` `longest` sessions show how many tracks it takes: another part that has as many lies in a
    session that has as many. Only such sessions are cut. Fewer parts show nothing: `longest` are then all that started
    in the window, so few that all `sessions`, which are those that reach into it, are cut.
    """
    parts = rankings.top_sessions(started_in(_parts(longest, listens, gap), window), number)
    least = F.when(F.count(F.lit(1)) == number, F.min("track_count")).otherwise(F.lit(0))
    # As a number, for whoever looks for the listens looks at the sessions first.
    (it_takes,) = parts.agg(least).collect()[0]
    return started_in(_parts(sessions.where(F.col("track_count") >= it_takes), listens, gap), window)


def _parts(sessions: DataFrame, listens: DataFrame, gap: timedelta) -> DataFrame:
    times = [F.col("listened_at").alias(name) for name in ("started_at", "ended_at")]
    heard = listens_within(sessions, listens.where(reach(sessions)))
    return joined(heard.select("user_id", *times, F.lit(1).alias("track_count")), gap)


def place() -> Column:
    """Where a row's `definition` stands among DEFINITIONS."""
    return F.array_position(F.lit(list(DEFINITIONS)), F.col("definition"))
