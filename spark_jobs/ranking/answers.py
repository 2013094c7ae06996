"""The tables that a ranking writes: each is small, and is read back for what follows."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, SparkSession

from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import Try, read
from spark_jobs.shared.schemas import conform, no_rows


@dataclass(frozen=True)
class Answers:
    """What one try of the stage writes, and the `snapshots` that it has made so far, by table."""

    spark: SparkSession
    stage: Try
    snapshots: dict[str, int] = field(default_factory=dict)

    def write(self, rows: DataFrame, table: Table, *order: str | Column) -> DataFrame:
        """Write some rows, with an order as one file, and return them as they are read. Runs Spark."""
        table_rows = conform(rows, table.schema)
        in_order = table_rows.coalesce(1).sortWithinPartitions(*order) if order else table_rows
        self.snapshots[table.name] = self.stage.replace(in_order, table)
        return read(self.spark, self.stage.namespace, table, self.snapshots[table.name])

    def write_none(self, table: Table) -> None:
        """Leave a table without a row, for a run that was not asked for it. Runs Spark."""
        self.snapshots[table.name] = self.stage.replace(no_rows(self.spark, table.schema), table)
