"""Write, publish, compact and maintain one run: `python -m tests.spark_jobs.lake.one_run ROOT [REMOTE]`.

REMOTE is the address of a Connect server; without it Spark runs in a JVM of its own. Prints what it did as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import psutil
from pyspark.sql import SparkSession

from include.deployment.jars import LAKE, S3, local_jars
from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog, lake_catalog
from spark_jobs.lake.maintenance import Keep, maintain
from tests.spark_jobs.lake.days import (
    ANSWER,
    MONDAY,
    NAMESPACE,
    PLAYS,
    TABLES,
    a_try,
    plays,
    publish_run,
    rows_of,
    run_of,
)


def main(root: str, remote: str = "") -> None:
    lake = lake_catalog(root)
    with lake.open() as catalog:
        tables.prepare(catalog, NAMESPACE, TABLES, buckets=2)
    spark = spark_of(lake, remote)
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1), ("ben", 2)))
    publish_run(lake, MONDAY, run)
    snapshot = run[PLAYS.name]
    for hour in range(3, 8):
        stage = a_try(lake)
        snapshot = stage.add(plays(spark, ("ann", hour)), PLAYS, snapshot)
    compacted = stage.compact(spark, PLAYS)
    maintain(spark, lake, NAMESPACE, ANSWER.name, Keep(snapshots=timedelta(0)))
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    said = {"run": run, "compacted": rows_of(spark, compacted), "spark": type(spark).__module__, "commands": commands}
    sys.stdout.write(json.dumps(said))


def spark_of(lake: LakeCatalog, remote: str = "") -> SparkSession:
    """Return a session that knows the lake."""
    builder = SparkSession.builder.remote(remote) if remote else SparkSession.builder.master("local[2]")
    settings = lake.spark_settings()
    if not remote:
        jars = local_jars((*LAKE, *S3) if lake.on_s3 else LAKE)
        settings |= {"spark.ui.enabled": "false", "spark.log.level": "ERROR", "spark.sql.shuffle.partitions": "2"}
        settings["spark.jars"] = ",".join(map(str, jars))
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.create() if remote else builder.getOrCreate()


if __name__ == "__main__":
    main(*sys.argv[1:])
