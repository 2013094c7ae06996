"""Is there a run that a daily load can add to? Answered in a second, before any Spark starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from spark_jobs.lake.published import Published, base_of, tags_of
from spark_jobs.lake.stamps import stamp_of
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_publication
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord


class ReplacedBaseError(DataError):
    """A date was run again with other input, and a later one still has what it had before."""


@dataclass(frozen=True)
class Replaced:
    """A run date that was run again with other input (its events written `at`, UTC), after it had been added to.

    `kept_by` is the first later date that still has what it had before.
    """

    run_date: date
    kept_by: date
    at: datetime


def check_base(lake: Lake, run_date: date) -> None:
    """Raise unless the latest run date that is published before can be added to; without one the log begins.

    Raises BackwardsError where later dates would lack what this one adds, NotPublishedError where the publication of an
    earlier date was cut off, ReplacedBaseError where the base, or what it was made of, is not what its dates have now.
    """
    with lake.catalog.open() as catalog:
        _check_history(lake, catalog, run_date, base_of(catalog, lake.log, lake.answer, run_date))


def check_still_base(
    lake: Lake, catalog: Catalog, run_date: date, snapshots: Mapping[str, int], quality: DataQualityRecord
) -> None:
    """Raise unless a daily load that is about to be published was added to what is published before it.

    Other runs may have been published since it began, where it stopped at a check and went on days later. Raises what
    `check_base` raises; nothing where it is published already.
    """
    own = tags_of(catalog.load_table((lake.log, lake.answer))).get(run_date)
    if quality.parameters.load != loads.DAILY or own == snapshots[lake.answer]:
        return
    now, then = base_of(catalog, lake.log, lake.answer, run_date), quality.base
    if (now.snapshots if now else None) != (then.snapshots if then else None):
        raise ReplacedBaseError(
            f"the run of {run_date} was added to {then.run_date if then else 'nothing'}, and would now be added to "
            f"another run, of {now.run_date if now else 'no date'}; nothing was published: run {run_date} again"
        )
    _check_history(lake, catalog, run_date, now)


def replaced_bases(lake: Lake, catalog: Catalog) -> dict[date, Replaced]:
    """Return the published dates that were made, directly or not, from a version of another date that was replaced.

    A date that was run again with the same files replaces nothing. Documents are read only of dates in doubt.
    """
    if not catalog.table_exists((lake.log, lake.contract.events.name)):
        return {}
    events = catalog.load_table((lake.log, lake.contract.events.name))
    made_on = {snapshot: day for day, snapshot in tags_of(events).items()}
    answers = tags_of(catalog.load_table((lake.log, lake.answer)))
    found: dict[date, Replaced] = {}
    for snapshot, day in sorted(made_on.items(), key=lambda item: item[1]):
        stamp = stamp_of(events, snapshot)
        source = stamp.made_from.get(lake.contract.events.name) if stamp else None
        if source in made_on:
            replaced = found.get(made_on[source])
        else:
            replaced = _replaced_base(lake, events, day, answers, found) if source else None
        if replaced:
            found[day] = replaced
    return found


def _check_history(lake: Lake, catalog: Catalog, run_date: date, base: Published | None) -> None:
    """Raise ReplacedBaseError unless the base of a date, and all that was made of, is what its dates have now."""
    replaced = replaced_bases(lake, catalog).get(base.run_date) if base else None
    if base and replaced:
        raise ReplacedBaseError(
            f"a daily load of {run_date} would add to {base.run_date}, but {replaced.run_date} was run again with "
            f"other input after {replaced.kept_by} had added to it: run all dates from {replaced.kept_by} to "
            f"{base.run_date} again, in order, and then {run_date}, or this date with load=full and the whole log as "
            "its input"
        )


def _replaced_base(
    lake: Lake, events: Table, run_date: date, answers: dict[date, int], found: dict[date, Replaced]
) -> Replaced | None:
    """Return what replaced the base of a date, whose snapshot no date has now; None for the same files, or none."""
    try:
        later = read_publication(lake, run_date, {lake.answer: answers[run_date]}).data_quality
        if later.base is None:
            return None
        day = later.base.run_date
        now = read_publication(lake, day, {lake.answer: answers[day]}).data_quality
    except (MissingRecordError, KeyError):
        # What has expired cannot have been run again.
        return None
    if day in found or _agree(later, now):
        return found.get(day)
    snapshot = now.snapshots[lake.contract.events.name]
    written = next(one.timestamp_ms for one in events.snapshots() if one.snapshot_id == snapshot)
    return Replaced(day, run_date, datetime.fromtimestamp(written / 1000, UTC))


def _agree(later: DataQualityRecord, day: DataQualityRecord) -> bool:
    """Has a later record all files that an earlier one has taken in, and of the dates before it no others?"""
    before = len(later.inputs) - later.input.files
    return set(later.inputs[:before]) <= set(day.inputs) <= set(later.inputs)
