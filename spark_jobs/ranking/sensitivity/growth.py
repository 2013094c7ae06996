"""The longest sessions of another gap in a log that has grown: of those its base chose, and those with a new listen.

A new listen opens a session, makes one longer, or joins some. A session without a new listen is as it was. If the base
did not choose it, it ranks behind the last that the base chose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.lake.tries import read
from spark_jobs.ranking.rankings import sort_key
from spark_jobs.ranking.sensitivity.other_gaps import joined, parts
from spark_jobs.ranking.sources import LISTENER_AND_TIME, CutLog
from spark_jobs.ranking.tables import CHOSEN_SESSION, CHOSEN_SESSIONS
from spark_jobs.shared.intervals import as_intervals, days_filter, days_of
from spark_jobs.shared.log import JudgedLog
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import Keep

# Hardly any session lasts for a week; where one goes on beyond these days, twice as many are looked at.
DAYS_AROUND = 7


@dataclass(frozen=True)
class Growth:
    """How a log has grown: the sessions `chosen` of all it had, as CHOSEN_SESSIONS, and the listens that are `new`.

    `keep` keeps frames that are read twice.
    """

    chosen: DataFrame
    new: DataFrame
    keep: Keep

    @cached_property
    def days(self) -> set[date]:
        """The days (UTC) of the new listens. Looks at them."""
        return set(days_of(as_intervals(self.new, LISTENER_AND_TIME)))

    def longest(self, definition: str, gap: timedelta, cut: CutLog, number: int) -> DataFrame | None:
        """Sessions of a definition's `gap`, among them the `number` longest; None where only all sessions can tell.

        `cut` is the whole log as it is now, by another gap. Returns and takes sessions as CHOSEN_SESSION.
        """
        before = self.chosen.where(F.col("definition") == definition).select("session.*")
        (rows, least) = before.agg(F.count(F.lit(1)), F.min("track_count")).collect()[0]
        if rows != number:
            return None
        touched = self._touched_sessions(cut.sessions, gap) if gap > cut.gap else self._touched_parts(cut, gap, least)
        # A session of `before` that has changed has become longer, so this filter keeps its successor.
        return merged(before, touched.where(F.col("track_count") >= least), number, self.keep)

    def _touched_parts(self, cut: CutLog, gap: timedelta, least: int) -> DataFrame:
        """The sessions of a shorter gap that hold a new listen and have so many tracks, and some that do not."""
        near = days_filter(self.days, "started_at", "ended_at")
        # A part has no more tracks than its session.
        found = parts(cut.sessions.where(near & (F.col("track_count") >= least)), cut.listens, gap)
        return self.keep(conform(found, CHOSEN_SESSION))

    def _touched_sessions(self, sessions: DataFrame, gap: timedelta) -> DataFrame:
        """The sessions of a longer gap than that of `sessions` that hold a new listen.

        Looks at the days around the new listens, and at more while one of these may begin before them, or end after.
        """
        there = conform(sessions, CHOSEN_SESSION).withColumn("is_new", F.lit(False))
        # A new listen counts where it is: in the session that was cut with it.
        arrived = as_intervals(self.new, LISTENER_AND_TIME).withColumns(
            {"track_count": F.lit(0), "is_new": F.lit(True)}
        )
        edges = {"started_at": F.col("started_at") - F.lit(gap), "ended_at": F.col("ended_at") + F.lit(gap)}
        around = DAYS_AROUND
        while True:
            looked_at = {day + timedelta(days) for day in self.days for days in range(-around, around + 1)}
            near = there.where(days_filter(looked_at, "started_at", "ended_at"))
            found = joined(near.unionByName(arrived), gap, F.bool_or("is_new").alias("is_touched")).where("is_touched")
            touched = self.keep(conform(found, CHOSEN_SESSION))
            if looked_at.issuperset(days_of(touched.withColumns(edges))):
                return touched
            around *= 2


def read_growth(spark: SparkSession, log: JudgedLog, keep: Keep) -> Growth | None:
    """Return how a log has grown since its base was ranked; None for a full or a first load."""
    if log.base is None:
        return None
    # This is empty if the base ranked a window, or by one definition only.
    chosen = read(spark, log.lake.log, CHOSEN_SESSIONS, log.base.snapshots[CHOSEN_SESSIONS.name])
    return Growth(chosen, log.new_events(spark, log.base), keep)


def merged(before: DataFrame, touched: DataFrame, number: int, keep: Keep) -> DataFrame | None:
    """The sessions of `before`, which were the `number` longest, as they are now, and the `touched` ones.

    Return None if fewer than `number` of them rank as high as the last of `before` did. Then a session that is in
    neither may be among the longest. That takes sessions that were joined.
    """
    within = [touched.user_id == before.user_id, before.started_at.between(touched.started_at, touched.ended_at)]
    unchanged = before.join(touched, on=within, how="left_anti")
    now = keep(unchanged.unionByName(touched))
    last = before.agg(F.max(sort_key("track_count")).alias("last"))
    ahead = now.join(F.broadcast(last), on=sort_key("track_count") <= F.col("last"), how="inner")
    return now if ahead.count() >= number else None
