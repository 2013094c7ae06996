"""Changes to a table that need only pyiceberg. Each is tried again when another writer was faster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from spark_jobs.lake.errors import ClockError

# All branches of a table share one pointer: a commit to one of them makes the other writers try again.
TRIES = 20
# Iceberg for Java takes a metadata file of an earlier time than the one before for damaged, but for a minute.
_TOLERANCE = timedelta(minutes=1)


def _check_clock(table: Table) -> None:
    """Raise ClockError where this commit would be older than the last one: Java reads no such table any more."""
    now, last = datetime.now(UTC), datetime.fromtimestamp(table.metadata.last_updated_ms / 1000, UTC)
    if now < last - _TOLERANCE:
        raise ClockError(
            f"{'.'.join(table.name())} was written at {last:%Y-%m-%d %H:%M:%S} UTC, and this machine's clock says "
            f"{now:%Y-%m-%d %H:%M:%S}: set the clock, then clear the task. If it is right, the writer's was ahead: put "
            "the catalog and the warehouse back from a backup. Nothing was written"
        )


def _is_conflict(error: BaseException) -> bool:
    """Was another writer faster? pyiceberg notices a new snapshot on another branch as a ValueError."""
    return isinstance(error, CommitFailedException) or (
        isinstance(error, ValueError) and "older than last sequence number" in str(error)
    )


@retry(
    retry=retry_if_exception(_is_conflict),
    stop=stop_after_attempt(TRIES),
    wait=wait_random_exponential(multiplier=0.05, max=2),
    reraise=True,
)
def commit(catalog: Catalog, name: str, change: Callable[[Table], None]) -> Table:
    """Load a table, change it, and return it as it is then; `change` is called again if another writer was faster."""
    table = catalog.load_table(name)
    _check_clock(table)
    change(table)
    return table
