"""The lock of the log, as the runs of the DAG hold it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from spark_jobs.lake import lock
from spark_jobs.shared.lake import Lake

# Who holds it in place of the DAG run: `make run` says so, for the next one in its clone completes what was killed.
HOLDER = "PIPELINE_LOCK_HOLDER"


def take(lake: Lake, run_id: str) -> None:
    """Take the lock for a run, which may have it already; raises LockedError where another run has it."""
    with lake.catalog.open() as catalog:
        lock.take(catalog, lake.log, _holder(run_id))


def release(lake: Lake, run_id: str) -> bool:
    """Release the lock if the run has it; return whether it had."""
    with lake.catalog.open() as catalog:
        return lock.release(catalog, lake.log, _holder(run_id))


@contextmanager
def held(lake: Lake, run_id: str) -> Iterator[None]:
    """Hold the lock for a run; raises LockedError where another run has it."""
    take(lake, run_id)
    try:
        yield
    finally:
        release(lake, run_id)


def _holder(run_id: str) -> str:
    return os.environ.get(HOLDER) or run_id
