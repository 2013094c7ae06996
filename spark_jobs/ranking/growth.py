"""The longest sessions of another gap in a log that has grown: those it had, and those that hold a new listen.

A new listen opens a session, makes one longer, or joins some: a session that holds none is there as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import count

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking.other_gaps import SESSION, Cut, joined, parts
from spark_jobs.ranking.rankings import standing
from spark_jobs.shared import storage
from spark_jobs.shared.session_gap import longest_part
from spark_jobs.shared.spans import as_spans, days_of, days_reach

# Hardly anybody listens for longer without a pause: then it takes a second look, at as many days more.
DAYS_AROUND = 7


@dataclass(frozen=True)
class Growth:
    """How a log has grown: the sessions `chosen` of all it had, as CHOSEN_SESSIONS, and the listens that are `new`.

    `scratch` is a directory for what is looked at twice.
    """

    chosen: DataFrame
    new: DataFrame
    scratch: str

    @cached_property
    def days(self) -> set[date]:
        """The days (UTC) of the new listens. Looks at them."""
        return set(days_of(as_spans(self.new)))

    def longest(self, definition: str, gap: timedelta, cut: Cut, number: int) -> DataFrame | None:
        """Sessions of a definition's `gap`, among them the `number` longest there are now; None if that is not sure.

        `cut` is the log as it is now, by another gap.
        """
        before = self.chosen.where(F.col("definition") == definition).select("session.*")
        (there, least) = before.agg(F.count(F.lit(1)), F.min("track_count")).collect()[0]
        if there != number:
            return None
        scratch = f"{self.scratch}/{definition}"
        if gap > cut.gap:
            touched = self._touched(cut.sessions, gap, scratch)
        else:
            near = days_reach(self.days, "started_at", "ended_at")
            touched = parts(cut.sessions.where(near & (F.col(longest_part(gap)) >= least)), cut.listens, gap)
        long_enough = touched.where(F.col("track_count") >= least).select(*SESSION)
        return longest_of(before, storage.kept(long_enough, f"{scratch}_touched"), f"{scratch}_longest")

    def _touched(self, sessions: DataFrame, gap: timedelta, scratch: str) -> DataFrame:
        """The sessions of a longer gap than that of `sessions` that hold a new listen.

        Looks at the days around the new listens, and at more while one of these may begin before them, or end after.
        """
        there = sessions.select(*SESSION, F.lit(False).alias("is_new"))
        # Each is in one of the sessions, and counted there.
        arrived = as_spans(self.new).withColumns({"track_count": F.lit(0), "is_new": F.lit(True)})
        edges = {"started_at": F.col("started_at") - F.lit(gap), "ended_at": F.col("ended_at") + F.lit(gap)}
        looked_at: set[date] = set()
        reached = self.days
        for look in count():
            looked_at |= {day + timedelta(days) for day in reached for days in range(-DAYS_AROUND, DAYS_AROUND + 1)}
            near = there.where(days_reach(looked_at, "started_at", "ended_at"))
            found = joined(near.unionByName(arrived), gap, F.bool_or("is_new").alias("is_touched")).where("is_touched")
            touched = storage.kept(found.select(*SESSION), f"{scratch}_{look}")
            reached = set(days_of(touched.withColumns(edges)))
            if reached <= looked_at:
                break
        return touched


def longest_of(before: DataFrame, touched: DataFrame, scratch: str) -> DataFrame | None:
    """Sessions, among them as many of the longest as `before` has, which were the longest; None if that is not sure.

    `touched` has all with a new listen that are no shorter than the shortest of `before`, and may have others. What is
    in neither is behind the last of `before`, as it was. So nothing is missed if as many as there were are not behind
    that: there can be fewer, for sessions are joined.
    """
    within = [touched.user_id == before.user_id, before.started_at.between(touched.started_at, touched.ended_at)]
    unchanged = before.join(F.broadcast(touched), on=within, how="left_anti")
    longest = storage.kept(unchanged.unionByName(touched), scratch)
    last = before.agg(F.max(standing("track_count")).alias("last"))
    not_behind = longest.join(F.broadcast(last), on=standing("track_count") <= F.col("last"))
    return longest if not_behind.count() >= before.count() else None
