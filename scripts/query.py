"""Answer a question in SQL from the published tables of the lake, without Spark.

    python -m scripts.query SQL="SELECT * FROM top_songs" [RUN_DATE=YYYY-MM-DD] [LAKE=lake]

The tables are those of one run date, the latest without RUN_DATE. Those that the question names are read whole.
"""

from __future__ import annotations

import re
import sys
from datetime import date

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

from scripts import arguments
from spark_jobs.lake.catalog import lake_catalog
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.listening import ANSWER, NAMESPACE
from spark_jobs.lake.published import Published, published, run_dates
from spark_jobs.shared.errors import DataError

MOST_ROWS = 10_000


def query(catalog: SqlCatalog, sql: str, run_date: date | None = None) -> duckdb.DuckDBPyRelation:
    """Return the answer to a question about a run date, the latest one without it.

    Raises NotPublishedError where there is none, duckdb.Error for a question that DuckDB cannot answer.
    """
    run = _run(catalog, run_date)
    database = duckdb.connect()
    # As the lake has them, not as the machine's zone does.
    database.execute("SET TimeZone = 'UTC'")
    for name in run.snapshots.keys() & set(re.findall(r"\w+", sql.lower())):
        rows = catalog.load_table((NAMESPACE, name)).scan(snapshot_id=run.snapshots[name]).to_arrow()
        database.register(name, rows)
    return database.sql(sql)


def _run(catalog: SqlCatalog, run_date: date | None) -> Published:
    dates = [run_date] if run_date else run_dates(catalog, NAMESPACE, ANSWER.name)
    if not dates:
        raise NotPublishedError("no run date is published in this lake; run the DAG first (make run)")
    return published(catalog, NAMESPACE, ANSWER.name, dates[-1])


def main() -> None:
    """Print the answer as a table; exits with 1 and a sentence where there is none."""
    try:
        given = arguments.read("query", "SQL", "RUN_DATE", paths=("LAKE",))
        if "SQL" not in given:
            sys.exit('Say what to ask: SQL="SELECT * FROM top_songs"')
        day = date.fromisoformat(given["RUN_DATE"]) if "RUN_DATE" in given else None
        with lake_catalog(given.get("LAKE", "lake")).open() as catalog:
            query(catalog, given["SQL"], day).show(max_rows=MOST_ROWS)
    except (DataError, duckdb.Error, ValueError, arguments.ArgumentError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
