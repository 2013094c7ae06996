"""Where everything in the lake lies. No other module writes a path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

LISTENS = "listens"
# All listens of a log whose partitions have become many, in one again; of the same form.
FOLDED_LISTENS = "folded_listens"
REJECTED_LISTENS = "rejected_listens"
SESSIONS = "sessions"
TOP_SESSIONS = "top_sessions"
# The sessions that each definition chose, and the listens of all of them.
CHOSEN_SESSIONS = "chosen_sessions"
CHOSEN_LISTENS = "chosen_listens"
TOP_SONGS = "top_songs"
ALTERNATIVE_SONGS = "alternative_songs"
LISTENERS = "listeners"
# The files that a run is to read, as it found them before Spark started.
INPUTS = "inputs"
REPORTS = "reports"
RUNS = "runs"

# All that a run owns a `run_date=…` of. The report, which alone vouches for an answer, comes first, and what tells of
# the run last: who takes a date away in this order leaves nothing, wherever he stops, that passes for a whole one.
OF_A_RUN = (
    REPORTS,
    TOP_SONGS,
    TOP_SESSIONS,
    ALTERNATIVE_SONGS,
    LISTENERS,
    CHOSEN_SESSIONS,
    CHOSEN_LISTENS,
    SESSIONS,
    FOLDED_LISTENS,
    LISTENS,
    REJECTED_LISTENS,
    INPUTS,
    RUNS,
)


def date_of(partition: str) -> date | None:
    """The run date that a directory's name says, None if it says none.

    >>> date_of("run_date=2009-05-04"), date_of("run_date=May")
    (datetime.date(2009, 5, 4), None)
    """
    try:
        return date.fromisoformat(partition.removeprefix("run_date="))
    except ValueError:
        return None


@dataclass(frozen=True)
class Lake:
    """The lake below `root`, a local path; every method returns a path as a string."""

    root: str

    def partition(self, dataset: str, run_date: date) -> str:
        """The directory of Parquet files that one run owns in a dataset.

        >>> Lake("/lake").partition(SESSIONS, date(2009, 5, 4))
        '/lake/sessions/run_date=2009-05-04'
        """
        return self._path(dataset, f"run_date={run_date}")

    def dataset(self, dataset: str) -> str:
        """The directory of a dataset's partitions."""
        return self._path(dataset)

    def input_listing(self, run_date: date) -> str:
        """The JSON file of the files that a run is to read."""
        return self._path(INPUTS, f"run_date={run_date}", "files.json")

    def stage_record(self, stage: str, run_date: date) -> str:
        """The JSON file in which a stage tells what it did."""
        return self._path(RUNS, f"run_date={run_date}", f"{stage}.json")

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

    def staging(self, attempt: str) -> str:
        """Where one attempt of a job writes what nobody may read yet; the underscore hides it from Spark.

        The attempt's name begins with the run date that it is for, where it is for one.
        """
        return self._path("_staging", attempt)

    def _path(self, *parts: str) -> str:
        return "/".join((self.root.rstrip("/"), *parts))
