"""The join of sessions with users, where one user has a tenth of the sessions: the slowest task beside the median one.

    python -m benchmarks.busy_user_join 4000000 scratch pieces      # as engagement does it
    python -m benchmarks.busy_user_join 4000000 scratch buckets     # each bucket a task, as it lies
    python -m benchmarks.busy_user_join 4000000 scratch broadcast   # the same, and the users in each task
    python -m benchmarks.busy_user_join 4000000 scratch adaptive    # a shuffle that Spark splits
    python -m benchmarks.busy_user_join 4000000 scratch salted      # a shuffle by user and one of 16 numbers

The first command makes the tables, in 64 buckets below the directory. Each way is done twice, for Java compiles the
first. Prints a line for each stage of Spark, by its own event log. CPU time is the measure, as in `busy_user`.
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.busy_user import BEGIN, BUCKETS, tell
from cli.java import java_home
from include.deployment.jars import LAKE, local_jars
from include.deployment.local_spark import PROJECT, SETTINGS
from spark_jobs.engagement.outcomes import session_outcomes, with_user
from spark_jobs.lake.reading import read_in_pieces
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import Table, prepare
from spark_jobs.lake.tries import BUCKET, in_buckets, new_try, number_buckets, read
from spark_jobs.logs.notes.tables import SESSIONS, USERS
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.session import spark_session

NUMBER_OF_USERS, SALTS = 100_000, 16
SHUFFLED = {
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.sources.v2.bucketing.enabled": "false",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
}
WAYS: dict[str, dict[str, str]] = {
    "pieces": {},
    "buckets": {"spark.sql.autoBroadcastJoinThreshold": "-1"},
    "broadcast": {},
    # By default Spark splits nothing below 256 MB.
    "adaptive": SHUFFLED
    | {
        "spark.sql.adaptive.skewJoin.skewedPartitionFactor": "2",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "512k",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "512k",
    },
    "salted": SHUFFLED | {"spark.sql.adaptive.skewJoin.enabled": "false"},
}


def make(spark: SparkSession, lake: Lake, rows: int) -> None:
    """Write sessions and users in their buckets."""
    with lake.catalog.open() as catalog:
        prepare(catalog, lake.log, [SESSIONS, USERS], BUCKETS)
    other = F.concat(F.lit("user-"), F.abs(F.xxhash64("id")) % NUMBER_OF_USERS)
    start = F.timestamp_seconds(F.col("id") + BEGIN)
    columns = {
        "session_id": F.concat(F.lit("session-"), "id"),
        "user_id": F.when(F.col("id") % 10 == 0, "busy").otherwise(other),
        "started_at": start,
        "ended_at": start,
    }
    _write(lake, SESSIONS, _filled(SESSIONS, spark.range(0, rows, 1, 16).withColumns(columns)))
    users = spark.range(0, NUMBER_OF_USERS).withColumn("user_id", F.concat(F.lit("user-"), "id"))
    _write(lake, USERS, _filled(USERS, users))


def _filled(table: Table, rows: DataFrame) -> DataFrame:
    """Give rows the columns that they lack: some value of its type."""
    return rows.select(
        *(
            F.col(field.name) if field.name in rows.columns else F.lit(1).cast(field.dataType).alias(field.name)
            for field in table.schema.fields
            if field.dataType.simpleString() != "date"
        ),
        *(
            F.current_date().alias(field.name)
            for field in table.schema.fields
            if field.dataType.simpleString() == "date"
        ),
    )


def _write(lake: Lake, table: Table, rows: DataFrame) -> None:
    sorted_rows = in_buckets(number_buckets(rows, table, BUCKETS), table, BUCKETS).drop(BUCKET)
    new_try(lake.catalog, lake.log, Stamp(date(2026, 6, 30), "benchmark", "make", {})).replace(sorted_rows, table)


def joined(spark: SparkSession, lake: Lake, way: str) -> DataFrame:
    """Return the sessions with what is known of their users."""
    with lake.catalog.open() as catalog:
        last = {one.name: catalog.load_table((lake.log, one.name)).snapshots()[-1] for one in (SESSIONS, USERS)}
    sessions, users = (read(spark, lake.log, one, last[one.name].snapshot_id) for one in (SESSIONS, USERS))
    if way in ("pieces", "broadcast"):
        return session_outcomes(sessions, users)
    if way != "salted":
        return with_user(sessions, users)
    salted = sessions.withColumn("salt", F.pmod(F.hash("session_id"), F.lit(SALTS)))
    many = users.withColumn("salt", F.explode(F.sequence(F.lit(0), F.lit(SALTS - 1))))
    return salted.join(many, on=["user_id", "salt"], how="left")


def main(rows: int, scratch: Path, way: str) -> None:
    """Measure one way in a Spark of its own."""
    events = scratch / f"events-{way}"
    events.mkdir(parents=True)
    settings = {**SETTINGS, "spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}
    settings |= {"spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "false"}
    settings |= {"spark.sql.shuffle.partitions": str(BUCKETS)} | WAYS[way]
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    jars = os.pathsep.join(map(str, local_jars(LAKE)))
    arguments = ["--master", "local[2]", "--driver-class-path", jars, *options, "pyspark-shell"]
    os.environ |= {"JAVA_HOME": str(java_home(PROJECT / ".java")), "PYSPARK_SUBMIT_ARGS": shlex.join(arguments)}
    lake = Lake(str(scratch / "lake"), "notes")
    is_made = Path(lake.root).exists()
    with spark_session("busy user's join", lake) as spark:
        if not is_made:
            make(spark, lake, rows)
        for name in WAYS[way]:
            # The lake's own settings would stand above them.
            spark.conf.set(name, WAYS[way][name])
        with nullcontext() if way in ("buckets", "broadcast") else read_in_pieces(spark):
            for _ in range(2):
                joined(spark, lake, way).write.format("noop").mode("overwrite").save()
    tell(next(events.iterdir()))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]).resolve(), sys.argv[3])
