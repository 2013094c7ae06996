"""A small log: plays of users, which become visits, which become one answer."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.published import Published, published
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import Try, new_try, read
from tests.frames import frame_of

NAMESPACE = "music"
PLAYS = Table("plays", T.StructType().add("user_id", "string").add("played_at", "long"), bucketed_by="user_id")
REJECTED = Table("rejected", T.StructType().add("line", "binary").add("reason", "string"), split_by="reason")
ANSWER = Table("answer", T.StructType().add("plays", "long"))
TABLES = (PLAYS, REJECTED, ANSWER)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)


def plays(spark: SparkSession, *rows: tuple[str, int]) -> DataFrame:
    return frame_of(spark, rows, PLAYS.schema)


def a_try(lake: LakeCatalog, run_date: date = MONDAY, run_id: str = "", **made_from: int) -> Try:
    """A try of the run of a date, whose id is the date's unless it is given."""
    return new_try(lake, NAMESPACE, Stamp(run_date, run_id or f"run {run_date}", "stage", made_from))


def run_of(spark: SparkSession, lake: LakeCatalog, run_date: date, rows: DataFrame, run_id: str = "") -> dict[str, int]:
    """Do all stages of a run, each in one try; return the snapshots that it would publish, the answer's last."""
    listened = a_try(lake, run_date, run_id)
    of_plays = listened.replace(rows, PLAYS)
    of_rejected = listened.replace(frame_of(spark, [], REJECTED.schema), REJECTED)
    counted = read(spark, NAMESPACE, PLAYS, of_plays).groupBy().count().toDF("plays")
    of_answer = a_try(lake, run_date, run_id, plays=of_plays).replace(counted, ANSWER)
    return {PLAYS.name: of_plays, REJECTED.name: of_rejected, ANSWER.name: of_answer}


def rows_of(spark: SparkSession, snapshot: int, table: Table = PLAYS) -> list[tuple]:
    """The rows of a snapshot, sorted."""
    return sorted(tuple(row) for row in read(spark, NAMESPACE, table, snapshot).collect())


def publish_run(
    lake: LakeCatalog, day: date, snapshots: dict[str, int], run_id: str = "", over_newer: bool = False
) -> None:
    with lake.open() as catalog:
        publish(catalog, Publication(NAMESPACE, day, run_id or f"run {day}", snapshots, ANSWER.name, over_newer))


def published_run(lake: LakeCatalog, day: date) -> Published:
    with lake.open() as catalog:
        return published(catalog, NAMESPACE, ANSWER.name, day)


def mains_of(lake: LakeCatalog) -> dict[str, int]:
    with lake.open() as catalog:
        tables = {table.name: catalog.load_table((NAMESPACE, table.name)) for table in TABLES}
        return {name: table.current_snapshot().snapshot_id for name, table in tables.items()}


def branches_in(lake: LakeCatalog) -> set[str]:
    with lake.open() as catalog:
        tables = [catalog.load_table((NAMESPACE, table.name)) for table in TABLES]
        return {name for table in tables for name in table.metadata.refs if name.startswith("try_")}


def slowly(rows: DataFrame, milliseconds: int) -> DataFrame:
    """The same rows, one after the other, each after a while."""
    pause = f"java_method('java.lang.Thread', 'sleep', {milliseconds}L)"
    # Spark would leave out what it finds to be always true.
    return rows.repartition(1).where(F.expr(f"length(coalesce({pause}, 'null')) > 0"))
