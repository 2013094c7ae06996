"""The least that three Spark jobs with the pipeline's hand-offs cost: nothing is checked, counted or kept besides.

    python -m benchmarks.listening.bare_jobs LOG OUTPUT

Each job is an application of its own with all that the pipeline tells Spark and Java. Listens are shuffled once, sorted
and written in buckets of an Iceberg table, cut into sessions where they lie, and ranked. The pipeline's own jobs take
longer, because they do more. This is the least that any of them could take.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.window import Window as W

from benchmarks.listening.baseline_script import COLUMNS
from include.deployment.local_spark import EMBEDDED
from spark_jobs.lake.tables import Table, prepare
from spark_jobs.lake.tries import in_buckets, number_buckets
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.partitioning import bucket_count, cores_of
from spark_jobs.shared.session import spark_session

NAMESPACE = "bare"
SESSIONS = Table(
    "sessions",
    T.StructType()
    .add("user_id", "string")
    .add("session", "long")
    .add("tracks", "long")
    .add("start", "timestamp")
    .add("end", "timestamp"),
    bucketed_by="user_id",
)


def main(log: str, output: str, job: str = "") -> None:
    """Submit the jobs one after the other, or run the one that is named; exits as the first one that fails."""
    if job:
        with spark_session(f"bare {job}", Lake(output, "listening")) as spark:
            JOBS[job](spark, log, output)
        return
    options = [part for key, value in EMBEDDED["extra"].items() for part in ("--conf", f"{key}={value}")]
    submit = ["spark-submit", "--master", EMBEDDED["host"], *options, str(Path(__file__).resolve())]
    for name in JOBS:
        if code := subprocess.run([*submit, log, output, name], check=False).returncode:
            sys.exit(code)


def write_listens(spark: SparkSession, log: str, output: str) -> None:
    """Bring each user's listens together, in time order."""
    lines = spark.read.text(log, lineSep="\n")
    buckets = bucket_count([(file.name, file.size) for file in list_files(log).files], cores_of(spark))
    fields = F.split("value", "\t")
    names = [column.split()[0] for column in COLUMNS.split(", ")]
    texts = lines.select(*(F.get(fields, F.lit(place)).alias(name) for place, name in enumerate(names)))
    listens = texts.withColumn("listened_at", F.col("listened_at").try_cast("timestamp")).where(
        "listened_at IS NOT NULL"
    )
    with Lake(output, "listening").catalog.open() as catalog:
        prepare(catalog, NAMESPACE, (LISTENS, SESSIONS), buckets)
    in_order = in_buckets(number_buckets(listens, LISTENS, buckets), LISTENS, buckets, "listened_at").select(
        *LISTENS.schema.fieldNames()
    )
    in_order.writeTo(LISTENS.full_name(NAMESPACE)).overwrite(F.lit(True))


def cut_sessions(spark: SparkSession, log: str, output: str) -> None:
    """Cut them into sessions: when each began and ended, and how many tracks it has."""
    listens = spark.table(LISTENS.full_name(NAMESPACE))
    by_user = W.partitionBy("user_id").orderBy("listened_at")
    pause = F.unix_seconds("listened_at") - F.lag(F.unix_seconds("listened_at")).over(by_user)
    opens = F.when(pause.isNull() | (pause > 20 * 60), 1).otherwise(0)
    numbered = listens.withColumn("opens", opens).withColumn("session", F.sum("opens").over(by_user))
    sessions = numbered.groupBy("user_id", "session").agg(
        F.count("*").alias("tracks"), F.min("listened_at").alias("start"), F.max("listened_at").alias("end")
    )
    summed = sessions.select(*SESSIONS.schema.fieldNames())
    summed.writeTo(SESSIONS.full_name(NAMESPACE)).overwrite(F.lit(True))


def rank_songs(spark: SparkSession, log: str, output: str) -> None:
    """Write the ten songs played most in the fifty longest sessions."""
    sessions = spark.table(SESSIONS.full_name(NAMESPACE))
    longest = sessions.orderBy(F.desc("tracks"), "start", "user_id").limit(50)
    listens = spark.table(LISTENS.full_name(NAMESPACE))
    heard = listens.join(F.broadcast(longest), on="user_id")
    songs = heard.where(F.col("listened_at").between(F.col("start"), F.col("end"))).groupBy("artist_name", "track_name")
    counted = songs.agg(
        F.count("*").alias("plays"),
        F.count_distinct("user_id", "session").alias("sessions"),
        F.count_distinct("user_id").alias("listeners"),
    )
    best_first = [*map(F.desc, ("plays", "sessions", "listeners")), F.asc("artist_name"), F.asc("track_name")]
    top = counted.orderBy(*best_first).limit(10).select("artist_name", "track_name", "plays", "sessions", "listeners")
    top.coalesce(1).write.csv(f"{output}/answer", sep="\t", header=True, quote="", mode="overwrite")


JOBS = {job.__name__: job for job in (write_listens, cut_sessions, rank_songs)}

if __name__ == "__main__":
    main(*sys.argv[1:])
