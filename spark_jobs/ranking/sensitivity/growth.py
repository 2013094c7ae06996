"""The longest sessions of a log that has grown: of those its base chose, and those with a new listen.

A new listen opens a session, makes one longer, or joins some. A session without a new listen is as it was. If the base
did not choose it, it ranks behind the last that the base chose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.lake.reading import read_here, read_last
from spark_jobs.logs.listening.tables import SESSIONS
from spark_jobs.ranking.rankings import ANSWER
from spark_jobs.ranking.sensitivity.other_gaps import joined, parts
from spark_jobs.ranking.sources import CutLog
from spark_jobs.ranking.tables import CHOSEN_SESSION, CHOSEN_SESSIONS, TOP_SESSIONS
from spark_jobs.shared.intervals import days_filter, days_of
from spark_jobs.shared.log import JudgedLog
from spark_jobs.shared.records import SessionAnalysisRecord
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import Keep

# Hardly any session lasts for a week; where one goes on beyond these days, twice as many are looked at.
DAYS_AROUND = 7
# Among so few sessions Python finds the longest before Spark has planned to. A day touches fewer that are long.
MOST_ROWS = 10_000

Session = Mapping[str, Any]


@dataclass(frozen=True)
class Growth:
    """How a log has grown: the sessions `chosen` of all it had, by definition, and those that a new listen `touched`.

    The latter are as SESSIONS, by the run's own gap. The chosen ones are as CHOSEN_SESSION, the answer's as SESSIONS.
    `keep` keeps frames that are read twice.
    """

    chosen: Mapping[str, Sequence[Session]]
    touched: DataFrame
    keep: Keep

    def longest(self, definition: str, gap: timedelta, cut: CutLog, number: int) -> DataFrame | None:
        """The `number` longest sessions of a definition's `gap`; None where only all sessions can tell.

        `cut` is the whole log as it is now, by another gap. Returns and takes sessions as CHOSEN_SESSION.
        """
        before = self.chosen.get(definition, ())
        if len(before) != number:
            return None
        least = min(map(tracks, before))
        if gap < cut.gap:
            return self._grown(before, self._touched_parts(cut, gap, least), tracks)
        touched = self._touched_sessions(cut.sessions, gap)
        # A session of `before` that has changed has become longer, so this filter keeps its successor.
        return self._grown(before, rows_of(touched.where(F.col("track_count") >= least)), tracks)

    def longest_of_run(
        self,
        definition: str,
        number: int,
        length: Callable[[Session], int],
        is_ranked: Callable[[Session], bool] = lambda _: True,
    ) -> DataFrame | None:
        """The `number` sessions of the greatest length by the run's own gap; None where only all sessions can tell.

        Looks at the touched sessions, once for all definitions.
        """
        before = self.chosen.get(definition, ())
        return self._grown(before, self._long_ones, length, is_ranked) if len(before) == number else None

    @cached_property
    def _long_ones(self) -> list[Session] | None:
        """The touched sessions that may be among the longest by the run's gap, and some that may not."""
        chosen = [session for sessions in self.chosen.values() for session in sessions]
        is_long = F.col("track_count") >= min(tracks(session) for session in chosen)
        return rows_of(self.touched.where(is_long | (F.col("duration_seconds") >= min(map(seconds, chosen)))))

    def _touched_parts(self, cut: CutLog, gap: timedelta, least: int) -> list[Session] | None:
        """The sessions of a shorter gap that hold a new listen and have so many tracks, and some without one.

        Returns None if they are too many.
        """
        if self._long_ones is None:
            return None
        # A part has no more tracks than its session.
        whole = [one for one in self._long_ones if tracks(one) >= least]
        if not whole:
            return []
        found = conform(parts(self._frame(whole, list(whole[0])), cut.listens, gap), CHOSEN_SESSION)
        return rows_of(found.where(F.col("track_count") >= least))

    def _touched_sessions(self, sessions: DataFrame, gap: timedelta) -> DataFrame:
        """The sessions of a longer gap than that of `sessions` that hold a new listen.

        Looks at the days around the touched ones, and at more while one of these may begin before them, or end after.
        """
        there = conform(sessions, CHOSEN_SESSION).withColumn("is_new", F.lit(False))
        # These are among `there`, and count as intervals in which nothing was heard.
        arrived = conform(self.touched, CHOSEN_SESSION).withColumns({"track_count": F.lit(0), "is_new": F.lit(True)})
        edges = {"started_at": F.col("started_at") - F.lit(gap), "ended_at": F.col("ended_at") + F.lit(gap)}
        days, around = set(days_of(self.touched)), DAYS_AROUND
        while True:
            looked_at = {day + timedelta(more) for day in days for more in range(-around, around + 1)}
            near = there.where(days_filter(looked_at, "started_at", "ended_at"))
            found = joined(near.unionByName(arrived), gap, F.bool_or("is_new").alias("is_touched")).where("is_touched")
            touched = self.keep(conform(found, CHOSEN_SESSION))
            if looked_at.issuperset(days_of(touched.withColumns(edges))):
                return touched
            around *= 2

    def _grown(
        self,
        before: Sequence[Session],
        touched: Sequence[Session] | None,
        length: Callable[[Session], int],
        is_ranked: Callable[[Session], bool] = lambda _: True,
    ) -> DataFrame | None:
        """As many sessions as there are of `before`, which were the longest, from among these and the touched ones.

        Return None if fewer of them rank as high as the last of `before` did. Then a session that is in neither may be
        among the longest. That takes sessions that were joined, or are ranked no more.
        """

        def place(session: Session) -> tuple[Any, ...]:
            return -length(session), session["started_at"], session["user_id"]

        if touched is None:
            return None
        touched_of = defaultdict(list)
        for session in touched:
            touched_of[session["user_id"]].append(session)
        unchanged = [one for one in before if not starts_within(one, touched_of[one["user_id"]])]
        now = sorted([*unchanged, *(session for session in touched if is_ranked(session))], key=place)[: len(before)]
        if len(now) < len(before) or place(now[-1]) > max(map(place, before)):
            return None
        return self._frame(now, list(before[0]))

    def _frame(self, sessions: Sequence[Session], names: list[str]) -> DataFrame:
        columns = [[session[name] for session in sessions] for name in names]
        schema = T.StructType([SESSIONS.schema[name] for name in names])
        return self.touched.sparkSession.createDataFrame(pa.table(columns, names=names), schema)


def read_growth(spark: SparkSession, log: JudgedLog, sessions: SessionAnalysisRecord, keep: Keep) -> Growth | None:
    """Return how a log has grown since its base was ranked; None for a full or a first load.

    Also where it is not known which sessions a new listen has touched.
    """
    if log.base is None or sessions.added is None:
        return None
    with log.lake.catalog.open() as catalog:
        touched = read_last(spark, catalog, log.lake.log, SESSIONS, sessions.added)
        # This is empty if the base ranked a window, or by one definition only.
        chosen = read_here(catalog, log.lake.log, CHOSEN_SESSIONS, log.base.snapshots[CHOSEN_SESSIONS.name])
        top = read_here(catalog, log.lake.log, TOP_SESSIONS, log.base.snapshots[TOP_SESSIONS.name])
    by_definition: dict[str, list[Session]] = {}
    for row in chosen:
        by_definition.setdefault(row["definition"], []).append(row["session"])
    if not by_definition or touched is None:
        return None
    # A column that the contract has got since is null there.
    by_definition[ANSWER] = [{name: row.get(name) for name in SESSIONS.schema.fieldNames()} for row in top]
    return Growth(by_definition, touched, keep)


def rows_of(sessions: DataFrame) -> list[Session] | None:
    """Return sessions as Python has them, their times in UTC; None if they are too many. Runs Spark."""
    rows = sessions.limit(MOST_ROWS + 1).toArrow().to_pylist()
    return rows if len(rows) <= MOST_ROWS else None


def tracks(session: Session) -> int:
    """Return how many tracks a session has."""
    return int(session["track_count"])


def seconds(session: Session) -> int:
    """Return the whole seconds that a session lasts."""
    return int((session["ended_at"] - session["started_at"]) // timedelta(seconds=1))


def starts_within(session: Session, others: Sequence[Session]) -> bool:
    """Does a session start within one of others of its user?"""
    return any(other["started_at"] <= session["started_at"] <= other["ended_at"] for other in others)
