"""Sessions of another gap than the run's: joined from its sessions by a longer one, cut from its listens by a shorter.

All of them have the columns of CHOSEN_SESSION.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking.rankings import top_sessions
from spark_jobs.ranking.sources import LISTENER_AND_TIME, CutLog
from spark_jobs.ranking.start_window import StartWindow, reaching_into, started_in
from spark_jobs.shared.intervals import as_intervals, events_within, pushdown_filter
from spark_jobs.shared.scratch import Keep
from spark_jobs.shared.session_gap import number_sessions

# Cut so many more sessions than are asked for at once. The 50 longest parts take 642 sessions of a log of a million
# listens, and 4,514 of one of 19 million: with fewer here, all listens are read once more.
MORE_SESSIONS = 5000


def joined(intervals: DataFrame, gap: timedelta, *more: Column) -> DataFrame:
    """Sessions, and `more` of each, from intervals of listening that no session of that gap cuts in two."""
    numbered = number_sessions(intervals, LISTENER_AND_TIME.user, "started_at", "ended_at", gap)
    return numbered.groupBy("user_id", "session_number").agg(
        F.min("started_at").alias("started_at"),
        F.max("ended_at").alias("ended_at"),
        F.sum("track_count").alias("track_count"),
        *more,
    )


def parts(sessions: DataFrame, listens: DataFrame, gap: timedelta) -> DataFrame:
    """Cut some sessions, few enough to broadcast, by a shorter gap. Runs Spark over the sessions."""
    key = LISTENER_AND_TIME
    heard = events_within(sessions, listens.where(pushdown_filter(sessions, key)), key)
    return joined(as_intervals(heard, key).withColumn("track_count", F.lit(1)), gap)


def parts_of_longest(
    cut: CutLog, gap: timedelta, number: int, keep: Keep, window: StartWindow | None = None
) -> DataFrame:
    """Sessions of a shorter gap than that of the `cut` that started in the `window`; among them the `number` longest.

    A part has no more tracks than its session. So the parts of the longest sessions show how many tracks it takes to be
    among the longest. Where more sessions have as many tracks, these are cut, too: all of them, if there were fewer
    parts than `number`. Looks at the sessions and the listens.
    """
    sessions, looked_at = reaching_into(cut.sessions, window), number + MORE_SESSIONS
    if cut.count is not None and cut.count <= looked_at:
        return started_in(parts(sessions, cut.listens, gap), window)
    found = keep(started_in(parts(keep(top_sessions(sessions, looked_at)), cut.listens, gap), window))
    least = F.when(F.count(F.lit(1)) == number, F.min("track_count")).otherwise(F.lit(0))
    # Collect it as a number: the search for listens runs Spark over the sessions first.
    (it_takes,) = found.orderBy(F.desc("track_count")).limit(number).agg(least).collect()[0]
    long_enough = sessions.where(F.col("track_count") >= it_takes)
    if long_enough.count() <= looked_at:
        return found
    return started_in(parts(long_enough, cut.listens, gap), window)
