"""Read the tables of a published run without Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import DataScan

from spark_jobs.lake.published import Published, published
from spark_jobs.lake.tables import Table
from spark_jobs.shared.lake import Lake

EVERY_ROW = AlwaysTrue()


@dataclass(frozen=True)
class RunTables:
    """The tables of a run as it was published, whatever is published while they are read."""

    catalog: Catalog
    log: str
    run: Published

    def rows(self, table: Table, *columns: str, where: BooleanExpression = EVERY_ROW) -> pa.Table:
        """Return a table's rows, all columns if none is named, in no order."""
        return self._scan(table, columns, where).to_arrow()

    def batches(self, table: Table, *columns: str, where: BooleanExpression = EVERY_ROW) -> Iterator[pa.RecordBatch]:
        """Yield a table's rows, in the memory of one file."""
        scan = self._scan(table, columns, where)
        reader = ArrowScan(scan.table_metadata, scan.io, scan.projection(), scan.row_filter)
        # Given all files, it would read them all before the first batch is taken.
        for file in scan.plan_files():
            yield from reader.to_record_batches([file])

    def _scan(self, table: Table, columns: tuple[str, ...], where: BooleanExpression) -> DataScan:
        snapshot = self.run.snapshots[table.name]
        found = self.catalog.load_table((self.log, table.name))
        return found.scan(where, columns or ("*",), snapshot_id=snapshot)


@contextmanager
def tables_of(lake: Lake, run_date: date) -> Iterator[RunTables]:
    """Open the tables of a run date; raises NotPublishedError where it is not published."""
    with lake.catalog.open() as catalog:
        yield RunTables(catalog, lake.log, published(catalog, lake.log, lake.answer, run_date))
