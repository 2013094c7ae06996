"""Buckets that are declared, not rediscovered: whoever reads listens by user needs no shuffle and no sort."""

from __future__ import annotations

import re
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.shared import schemas, storage
from spark_jobs.shared.lake import LISTENS, Lake

# Spark takes a file's bucket from the digits after the last underscore; how many there are in all we add.
_BUCKET_FILE = "listens-of-{buckets:05d}_{bucket:05d}.snappy.parquet"
_FIRST_NUMBER = re.compile(r"\d+")


def name_files_by_bucket(spark: SparkSession, directory: str, buckets: int) -> None:
    """Rename the files of a directory written by `repartition(buckets, "user_id")` so that Spark knows their bucket.

    Task n of such a write holds bucket n, since `repartition` and `bucketBy` hash alike. Writing with `bucketBy`
    itself sorts the listens a second time, for it does not know that a task holds one bucket only.
    """
    for name in storage.file_names(spark, directory):
        bucket = _first_number(name)
        new_name = _BUCKET_FILE.format(buckets=buckets, bucket=bucket)
        storage.rename(spark, f"{directory}/{name}", f"{directory}/{new_name}")


def read_listens(spark: SparkSession, lake: Lake, run_date: date) -> DataFrame:
    """Read a run's listens as the bucketed and sorted table they are, for grouping by `user_id` where they lie.

    Raises MissingPartitionError when no run has published them, DamagedPartitionError when they are not as published.
    """
    partition = storage.published(spark, lake, LISTENS, run_date)
    files = spark.read.parquet(partition)
    storage.check_schema(files, lake, LISTENS, run_date, schemas.LISTENS)
    return _declared(spark, partition, run_date, files.schema).select(*schemas.LISTENS.fieldNames())


def listens_as_found(spark: SparkSession, lake: Lake, run_date: date) -> DataFrame:
    """Read a run's listens as `read_listens` does, but with the columns of the files, whatever they are."""
    partition = storage.published(spark, lake, LISTENS, run_date)
    return _declared(spark, partition, run_date, spark.read.parquet(partition).schema)


def _declared(spark: SparkSession, partition: str, run_date: date, schema: T.StructType) -> DataFrame:
    # There is one at least, if only to tell the columns.
    first_file = storage.file_names(spark, partition)[0]
    table = f"listens_{run_date:%Y%m%d}"
    columns = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in schema.fields)
    spark.sql(f"DROP TABLE IF EXISTS {table}")
    spark.sql(
        f"CREATE TABLE {table} ({columns}) USING parquet "
        f"CLUSTERED BY (user_id) SORTED BY ({', '.join(schemas.LISTEN_KEY)}) INTO {_first_number(first_file)} BUCKETS "
        f"LOCATION {_sql_string(partition)}"
    )
    return spark.table(table)


def _first_number(file_name: str) -> int:
    """The task of `part-00003-…`, the bucket count of `listens-of-00016_00003…`."""
    return int(_FIRST_NUMBER.findall(file_name)[0])


def _sql_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
