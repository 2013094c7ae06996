"""A process that publishes one run after the other, until it is killed: `python -m tests.spark_jobs.lake.writer ROOT`.

Every row tells the run that wrote it.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog
from tests.spark_jobs.lake.days import ANSWER, MONDAY, NAMESPACE, PLAYS, REJECTED, TABLES, a_try, publish_run, read
from tests.spark_jobs.lake.one_run import spark_of

ROWS = 40


def main(root: str) -> None:
    lake = LakeCatalog(root)
    with lake.open() as catalog:
        tables.prepare(catalog, NAMESPACE, TABLES, buckets=2)
    spark = spark_of(lake)
    for number in count():
        run_id = f"{os.getpid()}-{number}"
        publish_run(lake, MONDAY, _run(spark, lake, run_id), run_id)
        sys.stdout.write(f"{run_id}\n")
        sys.stdout.flush()


def _run(spark: SparkSession, lake: LakeCatalog, run_id: str) -> dict[str, int]:
    stage = a_try(lake, run_id=run_id)
    numbers = spark.range(ROWS)
    of_plays = stage.replace(numbers.select(F.lit(run_id).alias("user_id"), F.col("id").alias("played_at")), PLAYS)
    lines = numbers.select(F.lit(b"?").alias("line"), F.lit(run_id).alias("reason"))
    of_rejected = stage.replace(lines, REJECTED)
    counted = read(spark, NAMESPACE, PLAYS, of_plays).groupBy().agg(F.count("*").alias("plays"))
    of_answer = a_try(lake, run_id=run_id, plays=of_plays).replace(counted, ANSWER)
    return {PLAYS.name: of_plays, REJECTED.name: of_rejected, ANSWER.name: of_answer}


if __name__ == "__main__":
    main(sys.argv[1])
