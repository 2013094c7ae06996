"""Answer a question in SQL from the published tables of the lake, without Spark.

    python -m cli.query SQL="SELECT * FROM top_songs" [RUN_DATE=YYYY-MM-DD] [LAKE=lake] [PUBLISHED=no]

The tables are those of one run date, the latest without RUN_DATE. Those that the question names are read whole.
PUBLISHED=no: those that the last run of the date has written, though it is not published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import duckdb
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from rich.console import Console

from cli import arguments
from cli.mendable import CommandError, told_in_a_line
from include.runs.records import last_run
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.published import published, run_dates
from spark_jobs.shared.lake import Lake

MOST_ROWS = 10_000


def query(catalog: SqlCatalog, log: str, sql: str, snapshots: Mapping[str, int]) -> duckdb.DuckDBPyRelation:
    """Return the answer to a question about some tables; raises duckdb.Error for one that DuckDB cannot answer."""
    database = duckdb.connect()
    # As the lake has them, not as the machine's zone does.
    database.execute("SET TimeZone = 'UTC'")
    for name in snapshots.keys() & set(re.findall(r"\w+", sql.lower())):
        database.register(
            name, table_with(catalog, log, name, snapshots[name]).scan(snapshot_id=snapshots[name]).to_arrow()
        )
    return database.sql(sql)


def table_with(catalog: SqlCatalog, log: str, name: str, snapshot: int) -> Table:
    """Return a table that has a snapshot; raises CommandError where that has expired."""
    table = catalog.load_table((log, name))
    if table.snapshot_by_id(snapshot) is None:
        raise CommandError(f"the snapshot {snapshot} of {name} has expired; run the date again")
    return table


def published_snapshots(lake: Lake, catalog: SqlCatalog, run_date: date | None = None) -> Mapping[str, int]:
    """Return the snapshots of a run date, the latest one without it; raises NotPublishedError where there is none."""
    dates = [run_date] if run_date else run_dates(catalog, lake.log, lake.answer)
    if not dates:
        raise NotPublishedError("no run date is published in this lake; run the DAG first (make run)")
    return published(catalog, lake.log, lake.answer, dates[-1]).snapshots


def main() -> None:
    """Print the answer as a table; exits with 1 and a sentence where there is none."""
    with told_in_a_line("No answer", Console(stderr=True, highlight=False, soft_wrap=True)):
        given = arguments.read("query", "SQL", "RUN_DATE", "PUBLISHED", paths=("LAKE",))
        if "SQL" not in given:
            raise CommandError('SQL: found none, allowed is a question, such as "SELECT * FROM top_songs"')
        if given.get("PUBLISHED", "yes") not in ("yes", "no"):
            raise CommandError(f"PUBLISHED: found {given['PUBLISHED']!r}, allowed is yes or no")
        answer(given, is_published=given.get("PUBLISHED") != "no")


def answer(given: Mapping[str, str], is_published: bool) -> None:
    """Print what the tables of a date say, of its last run where that is not published; raises CommandError."""
    # Of a run that is not published only the date is known.
    day = arguments.run_date_of(given) if "RUN_DATE" in given or not is_published else None
    lake = arguments.existing_lake(given)
    with lake.catalog.open() as catalog:
        run = last_run(lake, day) if day and not is_published else None
        snapshots = run.snapshots if run else published_snapshots(lake, catalog, day)
        try:
            query(catalog, lake.log, given["SQL"], snapshots).show(max_rows=MOST_ROWS)
        except duckdb.Error as error:
            said = str(error)
            if run and isinstance(error, duckdb.CatalogException):
                # Not the names of other tables, which it would suggest.
                said = f"{said.splitlines()[0]} {run.stopped}"
            raise CommandError(said) from None


if __name__ == "__main__":
    main()
