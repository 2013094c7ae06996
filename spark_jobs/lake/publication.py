"""Publish a run: the snapshots that were checked become what readers see, table by table, the answer last.

There is no transaction over several tables: the answer's tag goes first and comes back last. A date is published while
the answer has its tag. A publication that was cut off is completed by running it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from spark_jobs.lake.commits import commit
from spark_jobs.lake.errors import ForeignSnapshotError, SupersededError
from spark_jobs.lake.published import load_all, tags_of
from spark_jobs.lake.stamps import branches_of, stamp_of

_Change = Callable[["Publication", str, IcebergTable], None]


@dataclass(frozen=True)
class Publication:
    """The snapshot of each table that a run publishes, and which table is the answer.

    `over_newer`: replace the date even where it is published from newer snapshots, which a person may decide.
    """

    namespace: str
    run_date: date
    run_id: str
    snapshots: Mapping[str, int]
    answer: str
    over_newer: bool = False


def publish(catalog: Catalog, publication: Publication) -> None:
    """Make each snapshot that of the run date, and of `main` unless a later date is published; drop the run's branches.

    Running it again changes nothing. Raises ForeignSnapshotError or SupersededError, and publishes nothing then.
    """
    tables = load_all(catalog, publication.namespace)
    _check(tables, publication)
    if any(_differs(table, publication.snapshots.get(name), publication.run_date) for name, table in tables.items()):
        _promote_all(catalog, publication, tables)
    drop_branches(catalog, publication.namespace, publication.run_date, publication.run_id)


def _promote_all(catalog: Catalog, publication: Publication, tables: Iterable[str]) -> None:
    # Withdraw the answer first: until the end, readers are told that this date is not published.
    _change(catalog, publication, publication.answer, _withdraw)
    for name in (name for name in tables if name != publication.answer):
        # A table of an earlier run of the date loses its tag if this run did not write it.
        _change(catalog, publication, name, _promote if name in publication.snapshots else _withdraw)
    _change(catalog, publication, publication.answer, _promote)


def drop_branches(catalog: Catalog, namespace: str, run_date: date, run_id: str) -> None:
    """Drop the branches of all tries of a run; its snapshots stay as long as a tag has them."""
    for name in load_all(catalog, namespace):
        commit(catalog, f"{namespace}.{name}", partial(_drop_branches, branches_of(run_date, run_id)))


def _change(catalog: Catalog, publication: Publication, name: str, change: _Change) -> None:
    commit(catalog, f"{publication.namespace}.{name}", partial(change, publication, name))


def _promote(publication: Publication, name: str, table: IcebergTable) -> None:
    tag, snapshot, tags = str(publication.run_date), publication.snapshots[name], tags_of(table)
    changes = table.manage_snapshots()
    if tags.get(publication.run_date) != snapshot:
        if publication.run_date in tags:
            changes = changes.remove_tag(tag)
        changes = changes.create_tag(snapshot, tag)
    if publication.run_date >= max(tags, default=publication.run_date) and _main(table) != snapshot:
        changes = changes.set_current_snapshot(snapshot)
    changes.commit()


def _withdraw(publication: Publication, name: str, table: IcebergTable) -> None:
    if publication.run_date in tags_of(table):
        table.manage_snapshots().remove_tag(str(publication.run_date)).commit()


def _differs(table: IcebergTable, snapshot: int | None, run_date: date) -> bool:
    tags = tags_of(table)
    is_latest = run_date >= max(tags, default=run_date)
    return tags.get(run_date) != snapshot or (is_latest and snapshot is not None and _main(table) != snapshot)


def _main(table: IcebergTable) -> int | None:
    current = table.current_snapshot()
    return current.snapshot_id if current else None


def _drop_branches(prefix: str, table: IcebergTable) -> None:
    changes = table.manage_snapshots()
    for branch in [name for name in table.metadata.refs if name.startswith(prefix)]:
        changes = changes.remove_branch(branch)
    changes.commit()


def _check(tables: Mapping[str, IcebergTable], publication: Publication) -> None:
    if publication.answer not in publication.snapshots:
        raise ForeignSnapshotError(f"the run {publication.run_id} has no snapshot of {publication.answer}, its answer")
    for name, snapshot in publication.snapshots.items():
        _check_stamp(tables[name], name, snapshot, publication)
        present = tags_of(tables[name]).get(publication.run_date, snapshot)
        if _order(tables[name], present) > _order(tables[name], snapshot) and not publication.over_newer:
            raise SupersededError(
                f"{publication.run_date} is published from a newer snapshot of {name}, {present}, than this run's, "
                f"{snapshot}; nothing was changed: a person may decide to publish this one after all"
            )


def _check_stamp(table: IcebergTable, name: str, snapshot: int, publication: Publication) -> None:
    stamp = stamp_of(table, snapshot)
    made_by = f"the run {stamp.run_id} of {stamp.run_date}" if stamp else "no run that the lake knows"
    if not stamp or (stamp.run_date, stamp.run_id) != (publication.run_date, publication.run_id):
        raise ForeignSnapshotError(
            f"the snapshot {snapshot} of {name} was made by {made_by}, not by {publication.run_id} of "
            f"{publication.run_date}; nothing was published: run the stage that makes {name} again"
        )
    others = {source: made for source, made in stamp.made_from.items() if source != name}
    for source, made in others.items():
        if publication.snapshots.get(source, made) != made:
            raise ForeignSnapshotError(
                f"the snapshot {snapshot} of {name} was made from the snapshot {made} of {source}, and "
                f"{publication.snapshots[source]} would be published; run the stage that makes {name} again"
            )


def _order(table: IcebergTable, snapshot: int) -> int:
    found = table.snapshot_by_id(snapshot)
    return found.sequence_number or 0 if found else 0
