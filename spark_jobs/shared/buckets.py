"""Buckets that are declared, not rediscovered: whoever reads listens by user needs no shuffle and no sort."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.shared import file_system, schemas, storage
from spark_jobs.shared.lake import LISTENS, Lake
from spark_jobs.shared.lineage import Part

# Spark takes a file's bucket from the digits after the last underscore; how many there are in all we add.
_BUCKET_FILE = "listens-of-{buckets:05d}_{bucket:05d}.snappy.parquet"
FILE_OPTIONS = {
    # A bucket holds more tracks than a dictionary of Parquet's does: it would be built, and given up.
    **{f"parquet.enable.dictionary#{column}": "false" for column in ("track_id", "track_name")},
    # Ranking skips pages by user and day; of the 20,000 rows that a page has by default, a user has few.
    "parquet.page.row.count.limit": "2000",
}
_FIRST_NUMBER = re.compile(r"\d+")


def name_files_by_bucket(spark: SparkSession, directory: str, buckets: int) -> None:
    """Rename the files of a directory written by `repartition(buckets, "user_id")` so that Spark knows their bucket.

    Task n of such a write holds bucket n, since `repartition` and `bucketBy` hash alike. Writing with `bucketBy`
    itself sorts the listens a second time, for it does not know that a task holds one bucket only.
    """
    for name in file_system.file_sizes(spark, directory):
        bucket = _first_number(name)
        new_name = _BUCKET_FILE.format(buckets=buckets, bucket=bucket)
        file_system.rename(spark, f"{directory}/{name}", f"{directory}/{new_name}")


def read_listens(spark: SparkSession, lake: Lake, parts: Sequence[Part]) -> DataFrame:
    """Read a log's listens as the bucketed table they are, for grouping by `user_id` where they lie.

    Where the log is one partition, they are also known to be sorted. Raises MissingPartitionError when a partition is
    not there, DamagedPartitionError when one is not as published or not of this log.
    """
    partitions = [storage.published(spark, lake, part) for part in parts]
    for part, partition in zip(parts, partitions, strict=True):
        files = spark.read.parquet(partition)
        storage.check_schema(files, lake, part, schemas.LISTENS)
    return _declared(spark, partitions, schemas.LISTENS).select(*schemas.LISTENS.fieldNames())


def listens_as_found(spark: SparkSession, lake: Lake, run_date: date) -> DataFrame:
    """Read the listens of a run's own partition as `read_listens` does, but with the columns of the files."""
    partition = storage.published(spark, lake, Part(LISTENS, run_date))
    return _declared(spark, [partition], spark.read.parquet(partition).schema)


def buckets_of(spark: SparkSession, lake: Lake, part: Part) -> int:
    """How many buckets a partition of listens has."""
    return _buckets(spark, storage.published(spark, lake, part))


def _declared(spark: SparkSession, partitions: Sequence[str], schema: T.StructType) -> DataFrame:
    buckets = _buckets(spark, partitions[0])
    columns = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in schema.fields)
    clustered = f"CLUSTERED BY (user_id) SORTED BY ({', '.join(schemas.LISTEN_KEY)}) INTO {buckets} BUCKETS"
    # A name of its own, so that no table is ever dropped; and with a LOCATION it is external to Spark, which would
    # delete the partitions of another kind of table with it.
    table = f"listens_{uuid.uuid4().hex}"
    if len(partitions) == 1:
        spark.sql(f"CREATE TABLE {table} ({columns}) USING parquet {clustered} LOCATION {_sql_string(partitions[0])}")
        return spark.table(table)
    place = _sql_string(partitions[0].rsplit("/", 1)[0])
    spark.sql(
        f"CREATE TABLE {table} ({columns}, part INT) USING parquet PARTITIONED BY (part) {clustered} LOCATION {place}"
    )
    places = (f"PARTITION (part = {part}) LOCATION {_sql_string(path)}" for part, path in enumerate(partitions))
    spark.sql(f"ALTER TABLE {table} ADD {' '.join(places)}")
    return spark.table(table)


def _buckets(spark: SparkSession, partition: str) -> int:
    # There is one file at least, if only to tell the columns.
    return _first_number(next(iter(file_system.file_sizes(spark, partition))))


def _first_number(file_name: str) -> int:
    """The task of `part-00003-…`, the bucket count of `listens-of-00016_00003…`."""
    return int(_FIRST_NUMBER.findall(file_name)[0])


def _sql_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
