"""The log that a run of the lake answers for, read without Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from include.records import read_record
from spark_jobs.shared import lineage, marks
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


def made_from(lake: Lake, dataset: str, run_date: date) -> str:
    """The id of the log that a partition was made from; empty where there is none."""
    return marks.local_log_id(Path(lake.partition(dataset, run_date)))
