"""Sessions of another gap than the run's: joined from its sessions by a longer one, cut from its listens by a shorter.

All of them have the columns of schemas.CHOSEN_SESSION.
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking.sources import CutLog
from spark_jobs.ranking.start_window import StartWindow, lying_in, reaching_into, started_in
from spark_jobs.shared.session_gap import longest_part, number_sessions
from spark_jobs.shared.spans import as_spans, listens_within, reach


def joined(stretches: DataFrame, gap: timedelta, *more: Column) -> DataFrame:
    """Sessions, and `more` of each, from stretches of listening that no session of that gap cuts in two."""
    numbered = number_sessions(stretches, "started_at", "ended_at", gap)
    return numbered.groupBy("user_id", "session_number").agg(
        F.min("started_at").alias("started_at"),
        F.max("ended_at").alias("ended_at"),
        F.sum("track_count").alias("track_count"),
        *more,
    )


def parts(sessions: DataFrame, listens: DataFrame, gap: timedelta) -> DataFrame:
    """What some sessions, few enough to broadcast, fall into by a shorter gap. Looks at the sessions."""
    heard = as_spans(listens_within(sessions, listens.where(reach(sessions))))
    return joined(heard.withColumn("track_count", F.lit(1)), gap)


def parts_of_longest(cut: CutLog, gap: timedelta, number: int, window: StartWindow | None = None) -> DataFrame:
    """Sessions of a shorter gap than that of the `cut` that started in the `window`; among them the `number` longest.

    All parts of a session that lies in the window started there. So the longest parts of those show how many tracks it
    takes, and only sessions with a part of as many are cut. Fewer than `number` show nothing: then the window has so
    few that all which reach into it are cut.
    """
    length = longest_part(gap)
    longest = lying_in(cut.sessions, window).select(length).orderBy(F.desc(length)).limit(number)
    least = F.when(F.count(F.lit(1)) == number, F.min(length)).otherwise(F.lit(0))
    # As a number, for whoever looks for the listens looks at the sessions first.
    (it_takes,) = longest.agg(least).collect()[0]
    long_enough = reaching_into(cut.sessions, window).where(F.col(length) >= it_takes)
    return started_in(parts(long_enough, cut.listens, gap), window)
