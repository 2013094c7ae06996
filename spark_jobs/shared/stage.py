"""The common parts of all stages: begin a try, and keep its record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tries import Try, new_try
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake


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


def keep_record(
    job: Job, stage: str, started: float, snapshots: Mapping[str, int], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep the record of a stage that has made these snapshots, and return it; `started` by the monotonic clock."""
    record = {
        "stage": stage,
        "run_date": str(job.run_date),
        "run_id": job.run_id,
        "snapshots": dict(snapshots),
        **facts,
        "seconds": round(time.monotonic() - started, 3),
    }
    write_record(job.record or job.lake.stage_record(stage, job.run_date), record)
    return record
