"""Changes to a table that need no Spark, each repeated until no other writer is in between."""

from __future__ import annotations

from collections.abc import Callable

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

# All branches of a table share one pointer: whoever commits to any of them makes the others try again.
TRIES = 20


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
    change(table)
    return table
