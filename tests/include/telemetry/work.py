"""Work for a Spark of its own process: the same in a session of a Connect server and in an application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pyspark import TaskContext
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.lake.tags import JUDGES, tagged

LINES = "one\ntwo\nthree\nfour\nfive\n"
REJECTED = "five"
TASKS = 4
SLEEP_SECONDS = 1.5
SETTINGS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.lake.type": "hadoop",
}


def work(spark: SparkSession, lines: Path, made: Path) -> Iterator[None]:
    """Read, write, join and commit to a table of Iceberg, in steps."""
    spark.read.text(str(lines)).repartition(TASKS).write.parquet(str(made / "lines.parquet"))
    yield
    written = spark.read.parquet(str(made / "lines.parquet"))
    # A broadcast and adaptive stages; a subquery.
    written.join(written.groupBy("value").count(), "value").orderBy("value").collect()
    written.createOrReplaceTempView("written")
    spark.sql("SELECT * FROM written WHERE value > (SELECT min(value) FROM written)").collect()
    yield
    written.coalesce(1).writeTo("lake.log.lines").using("iceberg").create()
    spark.sql(
        "MERGE INTO lake.log.lines l USING written w ON l.value = w.value WHEN MATCHED AND l.value = 'one' THEN DELETE"
    )
    yield


def sessions(scratch: str, worked: str, counted: str) -> None:
    """Do the work in a session, and count in another one between its steps."""
    made = Path(scratch) / "worked"
    one, other = (SparkSession.builder.remote(address).create() for address in (worked, counted))
    for key, value in {**SETTINGS, "spark.sql.catalog.lake.warehouse": str(made)}.items():
        one.conf.set(key, value)
        other.conf.set(key, value)
    lines = Path(scratch) / "lines.txt"
    for _ in work(one, lines, made):
        other.read.text(str(lines)).count()
    other.table("lake.log.lines").collect()
    sleep(other, tasks=2)


def sleeper(address: str) -> None:
    """Sleep in the only job of a session."""
    sleep(SparkSession.builder.remote(address).create(), tasks=1)


def sleep(spark: SparkSession, tasks: int) -> None:
    """Run a job of which the first task is slow."""
    milliseconds = int(SLEEP_SECONDS * 1000)
    asleep = f"java_method('java.lang.Thread', 'sleep', CASE WHEN id = 0 THEN {milliseconds}L ELSE 0L END)"
    spark.range(0, tasks, 1, tasks).selectExpr(asleep).collect()


def judging(scratch: str, address: str) -> None:
    """Read lines in a tagged job of a session, and in one that is not."""
    spark = SparkSession.builder.remote(address).create()
    lines = spark.read.text(f"{scratch}/lines.txt").repartition(TASKS)
    with tagged(spark, JUDGES):
        lines.write.format("noop").mode("overwrite").save()
    lines.write.format("noop").mode("overwrite").save()


def retried(scratch: str, jars: str) -> None:
    """Write lines to a table, where the first try of each task of both stages fails."""
    settings = {
        **SETTINGS,
        **events_in(scratch),
        "spark.sql.catalog.lake.warehouse": f"{scratch}/retried/warehouse",
        "spark.jars": jars,
        "spark.ui.enabled": "false",
    }

    spark = SparkSession.builder.master("local[2,3]").config(map=settings).getOrCreate()

    @F.udf(T.StringType())
    def failing(line: str) -> str:
        if TaskContext.get().attemptNumber() == 0:
            raise RuntimeError("the first try")
        return line

    spark.sql("CREATE TABLE lake.listening.listens (user_id string) USING iceberg PARTITIONED BY (bucket(2, user_id))")
    lines = spark.read.text(f"{scratch}/lines.txt").select(failing("value").alias("user_id"))
    again = lines.repartition(TASKS, "user_id").select(failing("user_id").alias("user_id"))
    again = again.select(F.nullif("user_id", F.lit(REJECTED)).alias("user_id"))
    with tagged(spark, JUDGES):
        writer = again.writeTo("lake.listening.listens").option("distribution-mode", "none")
        writer.option("fanout-enabled", "true").append()
    spark.stop()


def events_in(scratch: str) -> dict[str, str]:
    """Return the settings of an application that writes an event log."""
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (Path(scratch) / "events").as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }


def application(scratch: str, jars: str) -> None:
    """Do the work in an application that writes an event log."""
    made = Path(scratch) / "application"
    settings = {
        **SETTINGS,
        "spark.sql.catalog.lake.warehouse": str(made),
        "spark.jars": jars,
        **events_in(scratch),
        "spark.ui.enabled": "false",
    }
    spark = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    for _ in work(spark, Path(scratch) / "lines.txt", made):
        pass
    spark.stop()


if __name__ == "__main__":
    modes = (sessions, sleeper, application, judging, retried)
    {mode.__name__: mode for mode in modes}[sys.argv[1]](*sys.argv[2:])
