"""The tables that a ranking writes; what follows goes on with what was written."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, SparkSession

from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import Try, read
from spark_jobs.shared.schemas import conform


@dataclass(frozen=True)
class Answers:
    """Write the tables of one try of the stage; keep the `snapshots` that it has made so far, by table."""

    spark: SparkSession
    stage: Try
    snapshots: dict[str, int] = field(default_factory=dict)

    def write(self, rows: DataFrame, table: Table, *order: str | Column) -> DataFrame:
        """Write rows in an order, as one file, and return them. Runs Spark, and collects them.

        They are few, or as many as a person asked for: Spark would take seconds to commit them.
        """
        in_order = conform(rows, table.schema).coalesce(1).sortWithinPartitions(*order).toArrow()
        self.snapshots[table.name] = self.stage.replace_here(in_order, table)
        return self.spark.createDataFrame(in_order, schema=table.schema)

    def write_many(self, rows: DataFrame, table: Table) -> DataFrame:
        """Write rows of which there may be many, and return them as they are read. Runs Spark."""
        self.snapshots[table.name] = self.stage.replace(conform(rows, table.schema), table)
        return read(self.spark, self.stage.namespace, table, self.snapshots[table.name])

    def write_none(self, table: Table) -> None:
        """Empty a table that the run was not asked for."""
        self.snapshots[table.name] = self.stage.replace_here(None, table)
