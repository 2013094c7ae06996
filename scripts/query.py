"""Answer a question in SQL from the published tables of the lake, without Spark.

    python -m scripts.query SQL="SELECT * FROM top_songs" [RUN_DATE=YYYY-MM-DD] [LAKE=lake] [PUBLISHED=no]

The tables are those of one run date, the latest without RUN_DATE. Those that the question names are read whole.
PUBLISHED=no: those that the last run of the date has written, though it is not published.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import date

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

from include.records import STAGES
from scripts import arguments
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.listening import ANSWER
from spark_jobs.lake.published import published, run_dates
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import LOG, Lake

MOST_ROWS = 10_000


def query(catalog: SqlCatalog, sql: str, snapshots: Mapping[str, int]) -> duckdb.DuckDBPyRelation:
    """Return the answer to a question about some tables; raises duckdb.Error for one that DuckDB cannot answer."""
    database = duckdb.connect()
    # As the lake has them, not as the machine's zone does.
    database.execute("SET TimeZone = 'UTC'")
    for name in snapshots.keys() & set(re.findall(r"\w+", sql.lower())):
        rows = catalog.load_table((LOG, name)).scan(snapshot_id=snapshots[name]).to_arrow()
        database.register(name, rows)
    return database.sql(sql)


def published_snapshots(catalog: SqlCatalog, run_date: date | None = None) -> Mapping[str, int]:
    """Return the snapshots of a run date, the latest one without it; raises NotPublishedError where there is none."""
    dates = [run_date] if run_date else run_dates(catalog, LOG, ANSWER.name)
    if not dates:
        raise NotPublishedError("no run date is published in this lake; run the DAG first (make run)")
    return published(catalog, LOG, ANSWER.name, dates[-1]).snapshots


def written_snapshots(lake: Lake, run_date: date) -> Mapping[str, int]:
    """Return the snapshots that the last run of a date has written, published or not."""
    found: dict[str, int] = {}
    run_id = read_record(lake, "data_quality", run_date)["run_id"]
    for stage in STAGES:
        with suppress(MissingRecordError):
            record = read_record(lake, stage, run_date)
            # A stage that this run has not come to may have left one in an earlier run.
            found |= record["snapshots"] if record["run_id"] == run_id else {}
    return found


def main() -> None:
    """Print the answer as a table; exits with 1 and a sentence where there is none."""
    try:
        given = arguments.read("query", "SQL", "RUN_DATE", "PUBLISHED", paths=("LAKE",))
        if "SQL" not in given:
            sys.exit('Say what to ask: SQL="SELECT * FROM top_songs"')
        day = date.fromisoformat(given["RUN_DATE"]) if "RUN_DATE" in given else None
        if given.get("PUBLISHED", "yes") not in ("yes", "no"):
            sys.exit(f"PUBLISHED: found {given['PUBLISHED']!r}, allowed is yes or no")
        unpublished = given.get("PUBLISHED") == "no"
        if unpublished and day is None:
            sys.exit("RUN_DATE: found none, with PUBLISHED=no allowed is the date of a run")
        lake = arguments.existing_lake(given)
        with lake.catalog.open() as catalog:
            asked = written_snapshots(lake, day) if unpublished and day else published_snapshots(catalog, day)
            query(catalog, given["SQL"], asked).show(max_rows=MOST_ROWS)
    except (DataError, duckdb.Error, ValueError, OSError, arguments.ArgumentError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
