"""The page of a log's DAG in Airflow: what the DAG file says, and what is the same for every log."""

from __future__ import annotations

WHATEVER_THE_LOG = """
**When it fails**, nothing after the failed task runs and every report made before stands. Open the failed task's log:
its last error says what was found, what is allowed and what to do. A failed check is also a page of the Data Docs:
**Run dates** in the navigation leads there. Airflow has tried three times more what time may mend: a lost machine, a
full disk, a log that another run held. It does not try a bad parameter, a missing input or a failed check again. Once
the cause is gone, clear the failed task: the run goes on from there. Once the input is mended, run the date again.

**When it is degraded**, it has finished and its answers are published, but not all that was expected of the data held:
the run's note, the report and the alert say what. `docs/data_quality.md` says what each check means.

**The answers** are the tab **Report** of its run; **Run dates** in the navigation has all run dates.

**A rerun** of a date makes new snapshots of every table, and what is published of that date becomes those once all
checks have passed. It touches no other date.
"""


def page_of(of_log: str | None) -> str:
    """Return the page of a DAG, given what its file says of the log."""
    return f"{of_log or ''}{WHATEVER_THE_LOG}"
