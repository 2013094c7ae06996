"""Keep frames that a job reads more than once on the disks of Spark's executors, until the job ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pyspark import StorageLevel
from pyspark.sql import DataFrame

Keep = Callable[[DataFrame], DataFrame]


@contextmanager
def scratch() -> Iterator[Keep]:
    """Lend a way to keep rows, which are worked out when somebody first looks at them, and forget them in the end."""
    with ExitStack() as kept:

        def keep(rows: DataFrame) -> DataFrame:
            kept.callback(rows.unpersist)
            # Not in memory, which sorting needs.
            return rows.persist(StorageLevel.DISK_ONLY)

        yield keep
