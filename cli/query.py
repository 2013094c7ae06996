"""Answer a question in SQL from the published tables of the lake, without Spark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated

from typer import BadParameter, Option

from cli.errors import CommandError, told_in_a_line
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, RUN_DATE, LakeRoot, LogName, YesNo, existing_lake
from cli.terminal import errors

if TYPE_CHECKING:
    import duckdb
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.table import Table

    from spark_jobs.shared.lake import Lake

MOST_ROWS = 10_000


def query(catalog: SqlCatalog, log: str, sql: str, snapshots: Mapping[str, int]) -> duckdb.DuckDBPyRelation:
    """Return the answer to a question about some tables; raises duckdb.Error for one that DuckDB cannot answer."""
    import duckdb

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
    from spark_jobs.lake.errors import NotPublishedError
    from spark_jobs.lake.published import published, run_dates

    dates = [run_date] if run_date else run_dates(catalog, lake.log, lake.answer)
    if not dates:
        raise NotPublishedError("no run date is published in this lake; run the DAG first (make run)")
    return published(catalog, lake.log, lake.answer, dates[-1]).snapshots


def main(
    sql: Annotated[str, Option(help="The question, such as: SELECT * FROM top_songs")],
    run_date: Annotated[date | None, RUN_DATE] = None,
    published: Annotated[YesNo, Option(help="no: what the last run of the date has written.")] = YesNo.YES,
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
) -> None:
    """Answer a question in SQL from the tables of a run date: the latest one, if none is given.

    The tables are those that readers see, or those that the last run of the date has written, though it is not
    published. Tables that the question names are read whole.
    """
    with told_in_a_line("No answer", errors):
        is_published = published == YesNo.YES
        if run_date is None and not is_published:
            raise BadParameter(
                "found none, allowed is a date as YYYY-MM-DD: of a run that is not published only the date is known",
                param_hint="'--run-date'",
            )
        answer(existing_lake(lake, log), sql, run_date, is_published)


def answer(lake: Lake, sql: str, day: date | None, is_published: bool) -> None:
    """Print what the tables of a date say, of its last run where that is not published; raises CommandError."""
    import duckdb

    from include.runs.records import last_run

    with lake.catalog.open() as catalog:
        run = last_run(lake, day) if day and not is_published else None
        snapshots = run.snapshots if run else published_snapshots(lake, catalog, day)
        try:
            query(catalog, lake.log, sql, snapshots).show(max_rows=MOST_ROWS)
        except duckdb.Error as error:
            said = str(error)
            if run and isinstance(error, duckdb.CatalogException):
                # Not the names of other tables, which it would suggest.
                said = f"{said.splitlines()[0]} {run.stopped}"
            raise CommandError(said) from None
