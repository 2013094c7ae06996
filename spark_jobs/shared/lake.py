"""Where the documents of the lake lie, and how its tables are opened. No other module writes a path."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spark_jobs.lake.catalog import LakeCatalog

# The log's directory of documents; its tables are in the namespace of this name.
LOG = "listening"
REPORTS = "reports"
RUNS = "runs"


def date_of(directory: str) -> date | None:
    """Return the run date that a directory's name says, None if it says none.

    >>> date_of("run_date=2009-05-04"), date_of("run_date=May")
    (datetime.date(2009, 5, 4), None)
    """
    try:
        return date.fromisoformat(directory.removeprefix("run_date="))
    except ValueError:
        return None


@dataclass(frozen=True)
class Lake:
    """The lake below `root`, a local path or `s3://bucket/prefix`; every method returns a path as a string."""

    root: str

    @property
    def catalog(self) -> LakeCatalog:
        """The catalog of its tables, as the environment says."""
        # Not above: every task of Airflow imports this module, and few of them look into tables.
        from spark_jobs.lake.catalog import lake_catalog

        return lake_catalog(self.root)

    def input_listing(self, run_date: date) -> str:
        """The JSON file of the files that a run is to read."""
        return self._path("inputs", f"run_date={run_date}", "files.json")

    def stage_record(self, stage: str, run_date: date) -> str:
        """The JSON file in which a stage tells what it did.

        >>> Lake("/lake").stage_record("ranking", date(2009, 5, 4))
        '/lake/listening/runs/run_date=2009-05-04/ranking.json'
        """
        return self._path(RUNS, f"run_date={run_date}", f"{stage}.json")

    def publication(self, run_date: date, answer: int) -> str:
        """The JSON file of what the stages of a published run tell; the snapshot of its answer names it."""
        return self._path(RUNS, f"run_date={run_date}", "published", f"{answer}.json")

    def try_record(self, stage: str, run_date: date) -> str:
        """A JSON file of which no other try of the stage knows."""
        return self._path(RUNS, f"run_date={run_date}", f".{stage}.{uuid.uuid4().hex}.json")

    def spark_figures(self, stage: str, run_date: date) -> str:
        """The JSON file of what Spark says the stage cost."""
        return self._path(RUNS, f"run_date={run_date}", "spark", f"{stage}.json")

    def spark_events(self) -> str:
        """The directory of Spark's event logs, one file an application, where a history server finds them."""
        return self._path("spark_events")

    def report(self, run_date: date) -> str:
        """The directory of a run's report: `top_songs.tsv`, `report.json`, `report.html`."""
        return self._path(REPORTS, f"run_date={run_date}")

    def data_docs(self) -> str:
        """The directory of the Great Expectations site."""
        return self._path("data_docs")

    def _path(self, *parts: str) -> str:
        return "/".join((self.root.rstrip("/"), LOG, *parts))
