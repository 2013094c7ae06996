"""The log that a run of the lake answers for, read without Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from include.records import read_record
from spark_jobs.shared import lineage, marks
from spark_jobs.shared.errors import DamagedPartitionError
from spark_jobs.shared.lake import FOLDED_LISTENS, Lake
from spark_jobs.shared.lineage import Log, Part


def read_log(lake: Lake, run_date: date) -> Log | None:
    """The log as the run's record has it, folded where it was; None where no run, or an earlier version, left one."""
    try:
        log = lineage.read_log(read_record(lake, lineage.KEPT_BY, run_date))
    except FileNotFoundError:
        return None
    if log and made_from(lake, FOLDED_LISTENS, run_date) == log.log_id:
        return log.folded(Part(FOLDED_LISTENS, run_date, log.log_id))
    return log


def log_behind(lake: Lake, run_date: date) -> Log:
    """The log as `read_log` finds it; raises DamagedPartitionError where there is none."""
    log = read_log(lake, run_date)
    if log is None:
        raise DamagedPartitionError(
            f"{lake.stage_record(lineage.KEPT_BY, run_date)} does not say of what log the listens of {run_date} are: "
            f"it is missing, or of an earlier version; run {run_date} again"
        )
    return log


def place(lake: Lake, part: Part) -> Path:
    """The directory of one of a log's partitions."""
    return Path(lake.partition(part.dataset, part.run_date))


def made_from(lake: Lake, dataset: str, run_date: date) -> str:
    """The id of the log that a partition was made from; empty where there is none."""
    return marks.local_log_id(Path(lake.partition(dataset, run_date)))
