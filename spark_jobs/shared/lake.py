"""Where the documents of the lake lie, and how its tables are opened. No other module writes a path."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from upath import UPath

# Teaches UPath what an object store is.
from spark_jobs.shared import object_store
from spark_jobs.shared.logs import contract_of

if TYPE_CHECKING:
    from spark_jobs.contract import LogContract
    from spark_jobs.lake.catalog import LakeCatalog

REPORTS = "reports"
RUNS = "runs"
DATA_DOCS = "data_docs"
_IN_A_STORE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.{1,2}(/|$))[^/]+)+/?")


def date_of(directory: str) -> date | None:
    """Return the run date in a directory's name, or None.

    >>> date_of("run_date=2009-05-04"), date_of("run_date=May")
    (datetime.date(2009, 5, 4), None)
    """
    try:
        return date.fromisoformat(directory.removeprefix("run_date="))
    except ValueError:
        return None


def fault_of_place(root: str, catalog: str) -> str:
    """Say what is allowed in place of a lake at `root` with a catalog at an address; empty if that is allowed.

    >>> fault_of_place("/lake", ""), fault_of_place("s3://key:secret@bucket/lake", "")
    ('', 's3://bucket/prefix, without keys in it; a bucket has 3 to 63 of a-z, 0-9, dot and hyphen')
    """
    if not root.startswith(object_store.SCHEME):
        return ""
    if not _IN_A_STORE.fullmatch(root):
        return "s3://bucket/prefix, without keys in it; a bucket has 3 to 63 of a-z, 0-9, dot and hyphen"
    if not catalog:
        return (
            "one with its catalog in a PostgreSQL, for SQLite cannot lie in an object store: name a PostgreSQL in "
            "PIPELINE_CATALOG, as postgresql://user@host:5432/database"
        )
    return ""


@dataclass(frozen=True)
class Lake:
    """What the lake below `root` has of one log; a local UPath is a pathlib.Path.

    `root` is a local path or `s3://bucket/prefix`. `log` names the directory of the log's documents and the namespace
    of its tables.
    """

    root: str
    log: str

    @property
    def contract(self) -> LogContract:
        """The contract of the log."""
        return contract_of(self.log)

    @property
    def answer(self) -> str:
        """The table of the log's answer: a run date counts as published when this table has its tag."""
        return self.contract.answer

    @property
    def catalog(self) -> LakeCatalog:
        """The catalog of its tables, as the environment says."""
        # Not above: every task of Airflow imports this module, and few of them look into tables.
        from spark_jobs.lake.catalog import lake_catalog

        return lake_catalog(self.root)

    @property
    def documents(self) -> UPath:
        """The directory of all that is no table."""
        return self._path()

    def input_listing(self, run_date: date) -> UPath:
        """The JSON file of the files that a run is to read."""
        return self._path("inputs", f"run_date={run_date}", "files.json")

    def stage_record(self, stage: str, run_date: date) -> UPath:
        """The JSON file in which a stage tells what it did.

        >>> str(Lake("/lake", "listening").stage_record("ranking", date(2009, 5, 4)))
        '/lake/listening/runs/run_date=2009-05-04/ranking.json'
        """
        return self._path(RUNS, f"run_date={run_date}", f"{stage}.json")

    def publication(self, run_date: date, answer: int) -> UPath:
        """The JSON file of what the stages of a published run tell; the snapshot of its answer names it."""
        return self._path(RUNS, f"run_date={run_date}", "published", f"{answer}.json")

    def try_record(self, stage: str, run_date: date) -> UPath:
        """A JSON file of which no other try of the stage knows."""
        return self._path(RUNS, f"run_date={run_date}", f".{stage}.{uuid.uuid4().hex}.json")

    def spark_costs(self, stage: str, run_date: date) -> UPath:
        """The JSON file of what Spark says the stage cost."""
        return self._path(RUNS, f"run_date={run_date}", "spark", f"{stage}.json")

    def live_counts(self, run_date: date) -> UPath:
        """The JSON file of what the stage that runs now has read, accepted and rejected so far."""
        return self._path(RUNS, f"run_date={run_date}", "so_far.json")

    def spark_events(self) -> UPath:
        """The directory of Spark's event logs, of all logs, one file an application, for a history server."""
        return UPath(self.root).joinpath("spark_events")

    def report(self, run_date: date) -> UPath:
        """The directory of a run's report: `top_songs.tsv`, `report.json`, `report.html`."""
        return self._path(REPORTS, f"run_date={run_date}")

    def data_docs(self) -> UPath:
        """The directory of the Great Expectations site."""
        return self._path(DATA_DOCS)

    def _path(self, *parts: str) -> UPath:
        return UPath(self.root).joinpath(self.log, *parts)
