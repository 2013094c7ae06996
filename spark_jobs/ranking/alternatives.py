"""The same ranking under other honest definitions: how much of the answer is owed to the ones that were chosen."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking import rankings
from spark_jobs.ranking.start_window import StartWindow, lying_in, reaching_into, started_in
from spark_jobs.shared.session_gap import OTHER_GAPS, longest_part, number_sessions
from spark_jobs.shared.spans import as_spans, listens_within, reach

WITHOUT_IMPLAUSIBLE = "without_implausible_sessions"
BY_DURATION = "longest_by_duration"
GAPS = {f"gap_{gap // timedelta(minutes=1)}_minutes": gap for gap in OTHER_GAPS}
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
            parts = parts_of_longest(sessions, listens, gap, number, window)
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
    sessions: DataFrame, listens: DataFrame, gap: timedelta, number: int, window: StartWindow | None = None
) -> DataFrame:
    """Sessions of a shorter gap than that of `sessions` that started in the `window`; among them the `number` longest.

    All parts of a session that lies in the window started there. So the longest parts of those show how many tracks it
    takes, and only sessions with a part of as many are cut. Fewer than `number` show nothing: then the window has so
    few that all which reach into it are cut.
    """
    length = longest_part(gap)
    longest = lying_in(sessions, window).select(length).orderBy(F.desc(length)).limit(number)
    least = F.when(F.count(F.lit(1)) == number, F.min(length)).otherwise(F.lit(0))
    # As a number, for whoever looks for the listens looks at the sessions first.
    (it_takes,) = longest.agg(least).collect()[0]
    cut = reaching_into(sessions, window).where(F.col(length) >= it_takes)
    heard = as_spans(listens_within(cut, listens.where(reach(cut)))).withColumn("track_count", F.lit(1))
    return started_in(joined(heard, gap), window)


def place() -> Column:
    """Where a row's `definition` stands among DEFINITIONS."""
    return F.array_position(F.lit(list(DEFINITIONS)), F.col("definition"))
