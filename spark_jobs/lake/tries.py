"""One try of a stage: it writes on branches of its own, which no reader sees, and returns the snapshots that it made.

A try that was killed and commits late commits to its own branch, beside that of its retry.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_
from typing import Any

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.lake.catalog import CATALOG, LakeCatalog
from spark_jobs.lake.commits import commit
from spark_jobs.lake.stamps import ADDED, ASIDE, Stamp
from spark_jobs.lake.tables import Table

# So many small files of a bucket are compacted.
_SMALL_FILES = 5
# The column that says in which of its table's buckets a row will be; it is not written.
BUCKET = "bucket"
_STAMP = "snapshot-property."


@dataclass(frozen=True)
class Try:
    """Where one try of a stage writes: the lake, the log's namespace, its own branch, and its stamp."""

    lake: LakeCatalog
    namespace: str
    stamp: Stamp
    branch: str

    def replace(self, rows: DataFrame, table: Table) -> int:
        """Write rows in place of all that the table has; return the snapshot's id. Runs Spark."""
        self._begin(table, None)
        # overwritePartitions() would keep a partition that has lost all its rows.
        self._writer(rows, table).overwrite(F.lit(True))
        return self._snapshot(table)

    def replace_here(self, rows: pa.Table | None, table: Table) -> int:
        """Write rows that are in memory, or none, in place of all that a table has; return the snapshot's id.

        The table has no partitions: pyiceberg would need a further package to write them.
        """
        self._begin(table, None)
        with self.lake.open() as catalog:
            commit(catalog, f"{self.namespace}.{table.name}", partial(self._replace_here, rows))
        return self._snapshot(table)

    def add(self, rows: DataFrame, table: Table, base: int | None) -> int:
        """Write rows beside those of the snapshot `base`, or of `main`; return the new snapshot's id. Runs Spark.

        No rows make a snapshot, too.
        """
        self._begin(table, base)
        self._writer(rows, table).append()
        return self._snapshot(table)

    def set_aside(self, rows: DataFrame, table: Table, base: int | None) -> int:
        """Write rows on a branch beside the try's own; return the snapshot's id. Runs Spark.

        Those without a value in the column of the table's buckets lie in files of their own: `take` leaves them there.
        """
        return dataclasses.replace(self, branch=f"{self.branch}{ASIDE}").add(rows, table, base)

    def take(self, aside: int, table: Table, base: int | None, gone: DataFrame | None = None) -> int:
        """Put what was set aside in place of all that the table has, or beside the rows of a `base`.

        Moves the files, and reads no row; returns the snapshot's id. Of the base, the rows that are `gone` stay away,
        as `exchange` has it. Runs Spark for these.
        """
        self._begin(table, base)
        if gone is not None:
            self._remove(gone, table)
        with self.lake.open() as catalog:
            commit(catalog, f"{self.namespace}.{table.name}", partial(self._take, aside, base is None))
        return self._snapshot(table)

    def exchange(self, gone: DataFrame | None, rows: DataFrame, table: Table, base: int) -> int:
        """Write rows beside those of a base without the rows that are `gone`; return the new snapshot's id. Runs Spark.

        Rows are gone whose columns of the same names have the same values. No other row of the base is read or written:
        Iceberg notes the places of those that are gone. `read_last` reads the new rows.
        """
        self._begin(table, base)
        if gone is not None:
            self._remove(gone, table)
        # One file a bucket, in however many tasks the rows come.
        self._writer(rows, table).option("distribution-mode", "hash").append()
        return self._snapshot(table)

    def compact(self, spark: SparkSession, table: Table) -> int:
        """Compact the small files of what this try wrote; return the snapshot that has the same rows. Runs Spark.

        `read_added` can read the rows as they were written, for as long as the branch exists.
        """
        before = self._snapshot(table)
        with self.lake.open() as catalog:
            # To ask Spark takes a second on most days, on which there is nothing to do.
            if not _has_many_files(catalog.load_table(f"{self.namespace}.{table.name}"), before):
                return before
        spark.sql(
            f"CALL {CATALOG}.system.rewrite_data_files(table => '{self.namespace}.{table.name}', "
            f"branch => '{self.branch}', options => map('min-input-files', '{_SMALL_FILES}'))"
        ).collect()
        if self._snapshot(table) == before:
            return before
        with self.lake.open() as catalog:
            # Else it would expire before the branch, to which it belongs no more.
            commit(catalog, f"{self.namespace}.{table.name}", partial(self._keep, before))
            # The procedure stamps no snapshot: one with no new row on top of it does.
            commit(catalog, f"{self.namespace}.{table.name}", self._add_stamp)
        return self._snapshot(table)

    def rows(self, table: Table) -> int:
        """Return how many rows the try's snapshot has, as Iceberg counts them; no row is ever deleted by itself."""
        with self.lake.open() as catalog:
            found = catalog.load_table(f"{self.namespace}.{table.name}")
        return _rows(found, self.branch)

    def _begin(self, table: Table, base: int | None) -> None:
        """Make the branch at a snapshot, or at what the table has now; an empty table has its first snapshot."""

        def begin(found: IcebergTable) -> None:
            start = base or found.metadata.refs[MAIN_BRANCH].snapshot_id
            found.manage_snapshots().create_branch(start, self.branch).commit()

        with self.lake.open() as catalog:
            commit(catalog, f"{self.namespace}.{table.name}", begin)

    def _remove(self, gone: DataFrame, table: Table) -> None:
        there = {name: f"gone_{name}" for name in gone.columns}
        is_gone = reduce(and_, (F.col(name) == F.col(other) for name, other in there.items()))
        few = F.broadcast(gone.withColumnsRenamed(there))
        few.mergeInto(self._target(table), is_gone).whenMatched().delete().merge()

    def _writer(self, rows: DataFrame, table: Table) -> Any:
        # Over Connect, Spark returns another class. The option `branch` would write to main without a word.
        writer = rows.select(*table.schema.fieldNames()).writeTo(self._target(table))
        for key, value in self.stamp.properties().items():
            writer = writer.option(f"{_STAMP}{key}", value)
        return writer

    def _target(self, table: Table) -> str:
        return f"{table.full_name(self.namespace)}.branch_{self.branch}"

    def _replace_here(self, rows: pa.Table | None, found: IcebergTable) -> None:
        # A new column is the last of a table, and may be elsewhere in its definition.
        form = found.schema().as_arrow()
        new_rows = form.empty_table() if rows is None else rows.select(form.names).cast(form)
        # pyiceberg warns of an overwrite that finds nothing to replace.
        write = found.overwrite if _rows(found, self.branch) else found.append
        write(new_rows, snapshot_properties=self.stamp.properties(), branch=self.branch)

    def _take(self, aside: int, in_place_of_all: bool, found: IcebergTable) -> None:
        properties = self.stamp.properties()
        with found.transaction() as change:
            if in_place_of_all and _rows(found, self.branch):
                change.delete(AlwaysTrue(), properties, branch=self.branch)
            with change.update_snapshot(properties, self.branch).fast_append() as append:
                for file in _added_files(found, aside):
                    if file.partition[0] is not None:
                        append.append_data_file(file)

    def _keep(self, snapshot: int, found: IcebergTable) -> None:
        found.manage_snapshots().create_tag(snapshot, f"{self.branch}{ADDED}").commit()

    def _add_stamp(self, found: IcebergTable) -> None:
        no_rows = found.schema().as_arrow().empty_table()
        found.append(no_rows, snapshot_properties=self.stamp.properties(), branch=self.branch)

    def _snapshot(self, table: Table) -> int:
        with self.lake.open() as catalog:
            found = catalog.load_table(f"{self.namespace}.{table.name}")
        return found.metadata.refs[self.branch].snapshot_id


def new_try(lake: LakeCatalog, namespace: str, stamp: Stamp) -> Try:
    """Return a try that shares no branch with any other."""
    return Try(lake, namespace, stamp, stamp.new_branch())


def read(spark: SparkSession, namespace: str, table: Table, snapshot: int) -> DataFrame:
    """Return the rows of one snapshot; later changes of the table do not matter.

    A column is null that the table did not have then.
    """
    return _as_now(spark.read.option("versionAsOf", snapshot), namespace, table)


def read_added(spark: SparkSession, namespace: str, table: Table, base: int, snapshot: int) -> DataFrame:
    """Return the rows that `add` put into a snapshot beside those of its base."""
    between = spark.read.option("start-snapshot-id", base).option("end-snapshot-id", snapshot)
    return _as_now(between, namespace, table)


def _as_now(reader: Any, namespace: str, table: Table) -> DataFrame:
    """Read a table with the columns that it has by its definition, in that order."""
    # Spark's own class of readers is another over Connect.
    rows = reader.table(table.full_name(namespace))
    there = set(rows.columns)
    return rows.select(
        *(
            field.name if field.name in there else F.lit(None).cast(field.dataType).alias(field.name)
            for field in table.schema.fields
        )
    )


def _added_files(found: IcebergTable, snapshot: int) -> Iterator[DataFile]:
    made = found.snapshot_by_id(snapshot)
    for manifest in made.manifests(found.io) if made else ():
        if manifest.added_snapshot_id == snapshot:
            yield from (entry.data_file for entry in manifest.fetch_manifest_entry(found.io))


def _has_many_files(found: IcebergTable, snapshot: int) -> bool:
    """Return whether a bucket has as many files as are compacted."""
    made, files = found.snapshot_by_id(snapshot), Counter[tuple[int, str]]()
    for manifest in made.manifests(found.io) if made else ():
        if manifest.content == ManifestContent.DATA:
            entries = manifest.fetch_manifest_entry(found.io)
            files.update((manifest.partition_spec_id, str(entry.data_file.partition)) for entry in entries)
    return max(files.values(), default=0) >= _SMALL_FILES


def _rows(found: IcebergTable, branch: str) -> int:
    snapshot = found.snapshot_by_id(found.metadata.refs[branch].snapshot_id)
    return int(snapshot.summary["total-records"] or 0) if snapshot and snapshot.summary else 0


def number_buckets(rows: DataFrame, table: Table, buckets: int) -> DataFrame:
    """Add BUCKET (int): in which of so many buckets of its table a row will be."""
    return rows.withColumn(BUCKET, F.expr(f"{CATALOG}.system.bucket({buckets}, {table.bucketed_by})"))


def in_buckets(numbered: DataFrame, table: Table, buckets: int, *order: str | Column) -> DataFrame:
    """Bring the rows of each bucket into one task, sorted by the table's column and then by `order`.

    Takes the rows of `number_buckets`. A window over both columns then needs neither shuffle nor sort.
    """
    # By the bucket's number: its hash would bring several buckets into one task and leave other tasks empty.
    return numbered.repartitionById(buckets, BUCKET).sortWithinPartitions(table.bucketed_by, BUCKET, *order)
