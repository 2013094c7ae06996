"""Is there a run that a daily load can add to? Answered in a second, before any Spark starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pyiceberg.catalog import Catalog

from spark_jobs.lake.listening import ANSWER, NAMESPACE
from spark_jobs.lake.published import base_of, tags_of
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_published_record
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import Lake


class ReplacedBaseError(DataError):
    """A date was run again with other input, and a later one still has what it had before."""


def check_base(lake: Lake, run_date: date) -> None:
    """Raise unless the latest run date that is published before can be added to; without one the log begins.

    Raises BackwardsError where later dates would lack what this one adds, ReplacedBaseError where the base itself, or
    what it was made of, lacks what an earlier date was run again with.
    """
    with lake.catalog.open() as catalog:
        base = base_of(catalog, NAMESPACE, ANSWER.name, run_date)
        if base is None:
            return
        newer = [(day, later) for day, later in _history(lake, catalog, base.run_date) if not _holds(later, day)]
    if newer:
        day, later = newer[-1]
        raise ReplacedBaseError(
            f"a daily load of {run_date} would add to {base.run_date}, but {day['run_date']} was run again with other "
            f"input after {later['run_date']} had added to it: run all dates from {later['run_date']} to "
            f"{base.run_date} again, in order, and then {run_date}, or this date with load=full and the whole log as "
            "its input"
        )


def check_still_base(catalog: Catalog, run_date: date, snapshots: Mapping[str, int], quality: dict[str, Any]) -> None:
    """Raise unless a daily load that is about to be published was added to what is published before it.

    Other runs may have been published since it began, where it stopped at a check and went on days later. Raises
    BackwardsError or ReplacedBaseError; nothing where it is published already.
    """
    own = tags_of(catalog.load_table((NAMESPACE, ANSWER.name))).get(run_date)
    if quality["parameters"]["load"] != loads.DAILY or own == snapshots[ANSWER.name]:
        return
    now, then = base_of(catalog, NAMESPACE, ANSWER.name, run_date), quality["base"]
    if (dict(now.snapshots) if now else None) != (then["snapshots"] if then else None):
        raise ReplacedBaseError(
            f"the run of {run_date} was added to {then['run_date'] if then else 'nothing'}, and would now be added to "
            f"another run, of {now.run_date if now else 'no date'}; nothing was published: run {run_date} again"
        )


def _history(lake: Lake, catalog: Catalog, run_date: date) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the records of the dates that a date was made from, newest first, each with that of the date after it."""
    tags = tags_of(catalog.load_table((NAMESPACE, ANSWER.name)))
    later = _published_record(lake, run_date, tags)
    while later and later["base"]:
        day = date.fromisoformat(later["base"]["run_date"])
        found = _published_record(lake, day, tags)
        if found:
            yield found, later
        later = found


def _published_record(lake: Lake, run_date: date, tags: dict[date, int]) -> dict[str, Any] | None:
    """Return the record of the listens that are published for a date, None where that has expired."""
    # What has expired cannot have been run again.
    if run_date not in tags:
        return None
    try:
        return read_published_record(lake, "data_quality", run_date, {ANSWER.name: tags[run_date]})
    except MissingRecordError:
        return None


def _holds(later: dict[str, Any], day: dict[str, Any]) -> bool:
    """Has a record all files that an earlier one has taken in?"""
    return all(file in later["inputs"] for file in day["inputs"])
