"""Keep the lake small: what nobody can want any more goes. The caller must hold the lock of the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table as IcebergTable
from pyspark.sql import SparkSession

from spark_jobs.lake.catalog import CATALOG, LakeCatalog
from spark_jobs.lake.commits import commit
from spark_jobs.lake.published import load_all, run_dates, tags_of
from spark_jobs.lake.stamps import began_at

# For the session of Spark. Iceberg's procedures join lists of files: small work, which 200 tasks make slow.
SETTINGS = {"spark.sql.shuffle.partitions": "4"}
# Iceberg refuses less: files that a writer has not committed yet are orphans, too.
ORPHANS_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Keep:
    """How much stays: the newest `dates`, branches of unpublished runs for a while, snapshots without a tag for a day.

    A reader may still read the old snapshots of a date that was published again.
    """

    dates: int = 31
    branches: timedelta = timedelta(days=7)
    snapshots: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Removed:
    """The things removed: run dates, branches, data files of expired snapshots, and files that no table knows."""

    dates: list[date]
    branches: list[str]
    data_files: int
    orphans: int


def maintain(spark: SparkSession, lake: LakeCatalog, namespace: str, answer: str, keep: Keep) -> Removed:
    """Expire dates, branches and snapshots beyond what is kept, and remove their files. Runs Spark, seconds a table."""
    now = datetime.now(UTC)
    with lake.open() as catalog:
        dates = _expire_dates(catalog, namespace, answer, keep.dates)
        branches = _drop_branches(catalog, namespace, now - keep.branches)
        tables = list(load_all(catalog, namespace))
    data_files = orphans = 0
    for table in tables:
        data_files += _expire_snapshots(spark, f"{namespace}.{table}", now - keep.snapshots)
        orphans += _remove_orphans(spark, f"{namespace}.{table}", now - ORPHANS_AFTER, lake.on_s3)
    return Removed(dates, branches, data_files, orphans)


def _expire_dates(catalog: SqlCatalog, namespace: str, answer: str, keep: int) -> list[date]:
    """Take the tags of all but the newest dates away, the answer's first: no reader finds half of a date."""
    dates = run_dates(catalog, namespace, answer)
    oldest = dates[-keep:][0] if dates else date.min
    names = sorted(load_all(catalog, namespace), key=lambda name: name != answer)
    for name in names:
        commit(catalog, f"{namespace}.{name}", partial(_drop_tags, oldest))
    return [day for day in dates if day < oldest]


def _drop_tags(oldest: date, table: IcebergTable) -> None:
    changes = table.manage_snapshots()
    for day in tags_of(table):
        if day < oldest:
            changes = changes.remove_tag(str(day))
    changes.commit()


def _drop_branches(catalog: SqlCatalog, namespace: str, before: datetime) -> list[str]:
    dropped: set[str] = set()
    for name, table in load_all(catalog, namespace).items():
        began = {branch: began_at(branch) for branch in table.metadata.refs}
        abandoned = {branch for branch, time in began.items() if time and time < before}
        if abandoned:
            commit(catalog, f"{namespace}.{name}", partial(_remove_branches, abandoned))
        dropped |= abandoned
    return sorted(dropped)


def _remove_branches(branches: set[str], table: IcebergTable) -> None:
    changes = table.manage_snapshots()
    for branch in branches & set(table.metadata.refs):
        changes = changes.remove_branch(branch)
    changes.commit()


def _expire_snapshots(spark: SparkSession, table: str, before: datetime) -> int:
    (done,) = spark.sql(
        f"CALL {CATALOG}.system.expire_snapshots(table => '{table}', older_than => {_sql(before)}, retain_last => 1)"
    ).collect()
    return done["deleted_data_files_count"]


def _remove_orphans(spark: SparkSession, table: str, before: datetime, on_s3: bool) -> int:
    # An object store has no directories to walk.
    listing = ", prefix_listing => true" if on_s3 else ""
    return len(
        spark.sql(
            f"CALL {CATALOG}.system.remove_orphan_files(table => '{table}', older_than => {_sql(before)}{listing})"
        ).collect()
    )


def _sql(time: datetime) -> str:
    return f"TIMESTAMP '{time.isoformat(sep=' ')}'"
