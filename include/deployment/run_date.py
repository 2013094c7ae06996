"""The one answer to "which day is this run for?", and what to call the days before."""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol


def run_date(dag_run: DagRunProtocol) -> date:
    """Return the day (UTC) that a DAG run is for, however it was started.

    A scheduled run's logical date is the start of its data interval: the finished day. A run started by hand
    with a date is for that date. A run without one (cleared in the form, or started by an asset) is for the day
    from which it may run.
    """
    moment = dag_run.logical_date or dag_run.run_after
    return moment.astimezone(UTC).date()


def last_days(days: int) -> str:
    """The last days up to the end of a run's date, in words.

    >>> last_days(1), last_days(7)
    ('on the run date', "in the 7 days up to the run date's end")
    """
    return "on the run date" if days == 1 else f"in the {days:,} days up to the run date's end"
