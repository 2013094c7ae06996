"""The common parts of all stages: begin a try, and keep its record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Protocol, TypeVar

from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tries import Try, new_try
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import StageRecord

R = TypeVar("R", bound=StageRecord)


class Job(Protocol):
    """The arguments of every stage's job: the lake, the run, and where its record goes, if not to its usual place."""

    @property
    def lake(self) -> Lake: ...  # noqa: D102
    @property
    def run_date(self) -> date: ...  # noqa: D102
    @property
    def run_id(self) -> str: ...  # noqa: D102
    @property
    def record(self) -> str: ...  # noqa: D102


def begin_try(job: Job, stage: str, made_from: Mapping[str, int] | None = None) -> Try:
    """Return a try of a stage, whose snapshots say that they are `made_from` these."""
    return new_try(job.lake.catalog, job.lake.log, Stamp(job.run_date, job.run_id, stage, made_from or {}))


def keep_record(job: Job, record: R) -> R:
    """Keep the record of a stage, and return it."""
    write_record(job.record or job.lake.stage_record(record.stage, job.run_date), record)
    return record


def seconds_since(started: float) -> float:
    """Return the seconds since a moment of the monotonic clock."""
    return round(time.monotonic() - started, 3)
