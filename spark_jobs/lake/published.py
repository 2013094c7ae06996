"""The published run dates that readers see, and the snapshots of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchNamespaceError
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import SnapshotRefType

from spark_jobs.lake.errors import BackwardsError, NotPublishedError
from spark_jobs.lake.stamps import stamp_of
from spark_jobs.shared.lake import date_of
from spark_jobs.shared.records import Published

# How often a reader looks again while a run is published.
_LOOKS = 5
_TAG = SnapshotRefType.TAG


def published(catalog: Catalog, namespace: str, answer: str, run_date: date) -> Published:
    """Return the snapshots of a run date, all of one run.

    Raises NotPublishedError if the answer lacks the tag of that date, or if the tables' tags are of several runs.
    """
    if not catalog.table_exists(f"{namespace}.{answer}"):
        raise NotPublishedError(f"no run of {namespace} is published, so none of {run_date}; run the DAG first")
    for _ in range(_LOOKS):
        before = catalog.load_table((namespace, answer)).metadata_location
        tables = load_all(catalog, namespace)
        # A publication takes the answer's tag away first and sets it last: if that tag stayed, all tags did.
        if before == catalog.load_table((namespace, answer)).metadata_location == tables[answer].metadata_location:
            return _of_one_run(namespace, tables, answer, run_date)
    raise NotPublishedError(f"{namespace} is published again and again; read {run_date} when that is over")


def _of_one_run(namespace: str, tables: Mapping[str, IcebergTable], answer: str, run_date: date) -> Published:
    snapshots = {name: tags_of(table).get(run_date) for name, table in tables.items()}
    found = {name: snapshot for name, snapshot in snapshots.items() if snapshot}
    stamps = {name: stamp_of(tables[name], snapshot) for name, snapshot in found.items()}
    stamp = stamps.get(answer)
    if stamp is None:
        dates = ", ".join(map(str, sorted(tags_of(tables[answer])))) or "none"
        raise NotPublishedError(f"no run of {namespace} is published for {run_date}; published run dates: {dates}")
    others = [name for name, other in stamps.items() if not other or other.run_id != stamp.run_id]
    sources = [name for name, made in stamp.made_from.items() if name != answer and found.get(name) != made]
    if others or sources:
        raise NotPublishedError(
            f"the tags {run_date} of {namespace} are not of one run: {answer} is of {stamp.run_id}, and "
            f"{', '.join(sorted({*others, *sources}))} of another; publish a run of that date again"
        )
    return Published(run_date, stamp.run_id, found)


def run_dates(catalog: Catalog, namespace: str, answer: str) -> list[date]:
    """Return the run dates that the answer has a tag of, in order."""
    name = f"{namespace}.{answer}"
    return sorted(tags_of(catalog.load_table(name))) if catalog.table_exists(name) else []


def base_of(catalog: Catalog, namespace: str, answer: str, run_date: date) -> Published | None:
    """Return the base of a daily load, the published run of the latest date before, or None.

    Raises BackwardsError where a later date is published and this one is not: what it adds would be missing there.
    Raises NotPublishedError where the publication of an earlier date was cut off: what that adds would be missing here.
    """
    dates, begun = run_dates(catalog, namespace, answer), _begun(catalog, namespace, answer)
    if run_date not in begun and dates and run_date < dates[-1]:
        raise BackwardsError(
            f"a daily load of {run_date} comes too late: {dates[-1]} is published without it; load the days in order, "
            f"or load the whole log for {dates[-1]} (load=full)"
        )
    earlier = [day for day in dates if day < run_date]
    # Older ones than all that are published have expired.
    cut_off = [day for day in begun if day < run_date and day not in earlier and (not earlier or day > earlier[0])]
    if cut_off:
        raise NotPublishedError(
            f"the publication of {cut_off[0]} was cut off, and {run_date} would be added to what was before it: clear "
            f"the task publish of that run, or run {cut_off[0]} again, and then {run_date}"
        )
    return published(catalog, namespace, answer, earlier[-1]) if earlier else None


def load_all(catalog: Catalog, namespace: str) -> dict[str, IcebergTable]:
    """Load all tables of a log, by their names; empty before the first run."""
    try:
        return {name: catalog.load_table((namespace, name)) for _, name in catalog.list_tables(namespace)}
    except NoSuchNamespaceError:
        return {}


def tags_of(table: IcebergTable) -> dict[date, int]:
    """Return the snapshots that have the tag of a run date."""
    tags = {name: ref.snapshot_id for name, ref in table.metadata.refs.items() if ref.snapshot_ref_type == _TAG}
    return {day: snapshot for name, snapshot in tags.items() if (day := date_of(name))}


def _begun(catalog: Catalog, namespace: str, answer: str) -> list[date]:
    """Return the run dates of which any table has a tag: their publication has begun, and may have been cut off."""
    if not catalog.table_exists(f"{namespace}.{answer}"):
        return []
    return sorted({day for table in load_all(catalog, namespace).values() for day in tags_of(table)})
