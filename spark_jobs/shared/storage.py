"""Reading and publishing the lake's partitions. A partition is visible whole or not at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.shared.errors import MissingPartitionError
from spark_jobs.shared.lake import Lake

# How often a writer steps aside for another that publishes the same partition in the same moment.
PUBLISH_ATTEMPTS = 10


@contextmanager
def staging_area(spark: SparkSession, lake: Lake, run_date: date) -> Iterator[str]:
    """Lend a directory that no other attempt writes to, and remove it in the end.

    An attempt has its own, so that a retry and an orphan of the first try cannot mix their files. It is there from the
    start, named after the run date: whoever prunes the lake sees which date is about to be published.
    """
    area = lake.staging(f"{run_date}-{uuid.uuid4().hex}")
    make_directory(spark, area)
    try:
        yield area
    finally:
        _files(spark, area).delete(_path(spark, area), True)


def publish(spark: SparkSession, staged: str, partition: str) -> None:
    """Rename a staged directory to be the partition; what was there before goes away with the staging area.

    Two renames: between them the partition is absent, never half there. On an object store, where a rename
    is a copy, readers must wait for the run to end.
    """
    make_directory(spark, partition.rsplit("/", 1)[0])
    for attempt in range(PUBLISH_ATTEMPTS):
        replaced = f"{staged}.replaced-{attempt}"
        rename(spark, partition, replaced)
        try:
            if rename(spark, staged, partition):
                return
        except Py4JJavaError:
            rename(spark, replaced, partition)
            raise
    raise RuntimeError(
        f"{partition} is being published by another run at the same time; let that one end, then run this date again"
    )


def withdraw(spark: SparkSession, area: str, partition: str) -> None:
    """Take a partition away, if it is there, into a staging area that is removed in the end."""
    make_directory(spark, area)
    rename(spark, partition, f"{area}/withdrawn-{uuid.uuid4().hex}")


def read_partition(spark: SparkSession, lake: Lake, dataset: str, run_date: date, schema: T.StructType) -> DataFrame:
    """Read one run's partition in its published schema.

    Raises MissingPartitionError when no run has published it.
    """
    return spark.read.schema(schema).parquet(published(spark, lake, dataset, run_date))


def published(spark: SparkSession, lake: Lake, dataset: str, run_date: date) -> str:
    """Return the partition's path, or raise MissingPartitionError when no run has published it."""
    partition = lake.partition(dataset, run_date)
    if not _files(spark, partition).util().exists(_path(spark, partition)):
        raise MissingPartitionError(
            f"{partition} does not exist; run the stage that makes {dataset} for {run_date} first"
        )
    return partition


def file_names(spark: SparkSession, directory: str) -> list[str]:
    """List the names of the data files in a directory, in order; hidden ones (`_SUCCESS`, `.crc`) are left out."""
    statuses = _files(spark, directory).util().listStatus(_path(spark, directory))
    return sorted(name for name in (status.getPath().getName() for status in statuses) if name[0] not in "._")


def rename(spark: SparkSession, old: str, new: str) -> bool:
    """Rename a file or directory; False where there is nothing to rename or the new name is taken."""
    # FileContext, not FileSystem: the latter's rename moves a directory *into* an existing one without a word.
    no_options = _gateway(spark).new_array(_gateway(spark).jvm.org.apache.hadoop.fs.Options.Rename, 0)
    try:
        _files(spark, old).rename(_path(spark, old), _path(spark, new), no_options)
    except Py4JJavaError as error:
        if error.java_exception.getClass().getSimpleName() in ("FileNotFoundException", "FileAlreadyExistsException"):
            return False
        raise
    return True


def make_directory(spark: SparkSession, directory: str) -> None:
    """Make a directory and those above it, unless it is there."""
    _files(spark, directory).mkdir(_path(spark, directory), None, True)


@dataclass(frozen=True)
class InputFile:
    """A file that a frame is read from: its name, its `_metadata.file_path` in the frame, its size in bytes."""

    name: str
    metadata_path: str
    size: int


def input_files(spark: SparkSession, frame: DataFrame) -> list[InputFile]:
    """List the files a frame is read from."""
    found = []
    for uri in frame.inputFiles():
        # Spark escapes names as a URI does, and in `_metadata` writes file:/ for file:///.
        path = _gateway(spark).jvm.org.apache.hadoop.fs.Path(_gateway(spark).jvm.java.net.URI(uri))
        size = path.getFileSystem(_hadoop_conf(spark)).getFileStatus(path).getLen()
        found.append(InputFile(path.toString(), _path(spark, uri).toString(), size))
    return found


def write_stage_record(spark: SparkSession, lake: Lake, stage: str, run_date: date, record: dict[str, Any]) -> None:
    """Keep what a stage did as JSON, in place of what an earlier try of the same run kept."""
    text = json.dumps({"stage": stage, "run_date": str(run_date), **record}, indent=2, ensure_ascii=False)
    with staging_area(spark, lake, run_date) as area:
        staged = f"{area}/{stage}.json"
        stream = _path(spark, staged).getFileSystem(_hadoop_conf(spark)).create(_path(spark, staged))
        stream.write(bytearray(text.encode()))
        stream.close()
        publish(spark, staged, lake.stage_record(stage, run_date))


def _files(spark: SparkSession, path: str) -> Any:
    uri = _path(spark, path).getFileSystem(_hadoop_conf(spark)).getUri()
    return _gateway(spark).jvm.org.apache.hadoop.fs.FileContext.getFileContext(uri, _hadoop_conf(spark))


def _path(spark: SparkSession, path: str) -> Any:
    return _gateway(spark).jvm.org.apache.hadoop.fs.Path(path)


def _gateway(spark: SparkSession) -> Any:
    return spark.sparkContext._gateway


def _hadoop_conf(spark: SparkSession) -> Any:
    return spark._jsc.hadoopConfiguration()
