"""The sources of a ranking: the run's log, cut into sessions, and the listens that its base found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.published import Published
from spark_jobs.lake.tries import read
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.tables import CHOSEN_LISTENS
from spark_jobs.shared.documents import SESSION_ANALYSIS
from spark_jobs.shared.intervals import user_time
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import SessionsOfOtherEventsError
from spark_jobs.shared.records import SessionAnalysisRecord

# Whose a listen is, and when it was.
LISTENER_AND_TIME = user_time(LISTENING)


@dataclass(frozen=True)
class CutLog:
    """All `sessions` of a log, and the `listens` that they were cut from with a `gap`; how many sessions, if known."""

    sessions: DataFrame
    listens: DataFrame
    gap: timedelta
    count: int | None = None


def read_cut_log(spark: SparkSession, lake: Lake, made: SessionAnalysisRecord, gap: timedelta) -> CutLog:
    """Return the sessions that a record tells of, and their listens, which were cut with this gap."""
    sessions = read(spark, lake.log, SESSIONS, made.snapshots[SESSIONS.name])
    return CutLog(sessions, read(spark, lake.log, LISTENS, made.made_from[LISTENS.name]), gap, made.sessions)


def read_heard_before(spark: SparkSession, lake: Lake, base: Published | None) -> DataFrame | None:
    """Return the listens of the sessions that the base chose; None for a full or a first load."""
    return read(spark, lake.log, CHOSEN_LISTENS, base.snapshots[CHOSEN_LISTENS.name]) if base else None


def check_tracks(run_date: date, tracks: int, listens: int) -> None:
    """Raise SessionsOfOtherEventsError unless there are as many listens as the chosen sessions have tracks."""
    if tracks != listens:
        raise SessionsOfOtherEventsError(
            f"the chosen sessions of {run_date} have {tracks} tracks, and the listens hold {listens} of them: they are "
            f"not of one run; nothing was published: run {SESSION_ANALYSIS} for this date again, and what is after it"
        )
