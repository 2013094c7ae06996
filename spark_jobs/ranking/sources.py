"""What the ranking of a run looks at: its log, cut into sessions, and what the base of that log chose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.ranking.growth import Growth
from spark_jobs.ranking.other_gaps import CutLog
from spark_jobs.shared import schemas, storage
from spark_jobs.shared.buckets import read_listens
from spark_jobs.shared.errors import DamagedPartitionError, DataError, MissingPartitionError
from spark_jobs.shared.lake import CHOSEN_LISTENS, CHOSEN_SESSIONS, SESSIONS, Lake
from spark_jobs.shared.lineage import Log, Part

CUT_BY = "session_analysis"


class SessionsOfOtherListensError(DataError):
    """The sessions were not cut from these listens."""


class SessionsOfOtherGapError(DataError):
    """The sessions were cut with another gap than the run's."""


def read_cut_log(spark: SparkSession, lake: Lake, run_date: date, gap: timedelta) -> tuple[Log, CutLog]:
    """Return the log of a run, and its listens and the sessions that they were cut into with this gap.

    Raises MissingPartitionError when the run has no sessions or no listens, DamagedPartitionError when they are not as
    published, SessionsOfOtherGapError when the sessions are of another gap.
    """
    log = storage.read_log(spark, lake, run_date)
    sessions = storage.read_partition(spark, lake, Part(SESSIONS, run_date, log.log_id), schemas.SESSIONS)
    minutes = storage.read_stage_record(spark, lake, CUT_BY, run_date)["parameters"]["session_gap_minutes"]
    if timedelta(minutes=minutes) != gap:
        raise SessionsOfOtherGapError(
            f"the sessions of {run_date} were cut with a gap of {minutes} minutes, and are to be ranked with one of "
            f"{gap // timedelta(minutes=1)}; nothing was published: run {CUT_BY} for this date again with the gap you "
            "want, and what is after it"
        )
    return log, CutLog(sessions, read_listens(spark, lake, log.parts), gap)


def read_growth(spark: SparkSession, lake: Lake, log: Log, scratch: str) -> Growth | None:
    """How the log has grown since its base was ranked; None without a base, or without what that chose of all."""
    chosen = _of_base(spark, lake, log, CHOSEN_SESSIONS, schemas.CHOSEN_SESSIONS)
    return Growth(chosen, read_listens(spark, lake, [log.own]), scratch) if chosen else None


def read_heard_before(spark: SparkSession, lake: Lake, log: Log) -> DataFrame | None:
    """The listens of the sessions that were chosen of the log's base; None without a base, or without these."""
    return _of_base(spark, lake, log, CHOSEN_LISTENS, schemas.CHOSEN_LISTENS)


def _of_base(spark: SparkSession, lake: Lake, log: Log, dataset: str, schema: T.StructType) -> DataFrame | None:
    if log.base is None:
        return None
    part = replace(log.base, dataset=dataset)
    # Elsewhere a mark without an id is an earlier version's, and read: here it could be of any log.
    if not storage.is_made_from(spark, lake, part):
        return None
    try:
        return storage.read_partition(spark, lake, part, schema)
    # It only saves work: without it, all sessions and listens are looked at.
    except (MissingPartitionError, DamagedPartitionError):
        return None


def check_tracks(run_date: date, tracks: int, listens: int) -> None:
    """Raise SessionsOfOtherListensError unless there are as many listens as the chosen sessions have tracks."""
    if tracks != listens:
        raise SessionsOfOtherListensError(
            f"the chosen sessions of {run_date} have {tracks} tracks, and the listens hold {listens} of them: they are "
            f"not of one run; nothing was published: run {CUT_BY} for this date again, and what is after it"
        )
