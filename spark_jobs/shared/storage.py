"""Reading and publishing the lake's partitions. A partition is visible whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.shared import lineage, marks, schemas
from spark_jobs.shared.errors import DamagedPartitionError, MissingPartitionError
from spark_jobs.shared.lake import FOLDED_LISTENS, Lake, date_of
from spark_jobs.shared.lineage import Log, Part

# How often a writer steps aside for another that publishes the same partition in the same moment.
PUBLISH_ATTEMPTS = 10
# How often a reader looks again, a moment later, for a partition that might just be replaced.
READ_ATTEMPTS, READ_PAUSE_SECONDS = 5, 0.1


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


def publish_partition(spark: SparkSession, staged: str, partition: str, log_id: str) -> None:
    """Mark a staged directory of data files as whole and as made from a log, and publish it."""
    _write(spark, f"{staged}/{marks.MARK}", marks.mark_of(_file_sizes(spark, staged), log_id))
    publish(spark, staged, partition)


def publish(spark: SparkSession, staged: str, partition: str) -> None:
    """Rename a staged file or directory to a place; what was there before goes away with the staging area.

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
        except (Py4JJavaError, OSError):
            rename(spark, replaced, partition)
            raise
    raise RuntimeError(
        f"{partition} is being published by another run at the same time; let that one end, then run this date again"
    )


def withdraw(spark: SparkSession, area: str, partition: str) -> None:
    """Take a partition away, if it is there, into a staging area that is removed in the end."""
    make_directory(spark, area)
    rename(spark, partition, f"{area}/withdrawn-{uuid.uuid4().hex}")


def read_partition(spark: SparkSession, lake: Lake, part: Part, schema: T.StructType) -> DataFrame:
    """Read one run's partition in its published schema.

    Raises MissingPartitionError when no run has published it, DamagedPartitionError when it is not as published, or not
    made from the log that it should be.
    """
    dataset, run_date = part.dataset, part.run_date
    rows = spark.read.parquet(published(spark, lake, dataset, run_date, part.log_id))
    check_schema(rows, lake, dataset, run_date, schema)
    return rows.select(*schema.fieldNames())


def check_schema(rows: DataFrame, lake: Lake, dataset: str, run_date: date, schema: T.StructType) -> None:
    """Raise DamagedPartitionError if the rows of a partition lack a column of its schema or have it in another type.

    Read by that schema, a missing column would be one of nulls.
    """
    faults = schemas.faults(rows, schema)
    if faults:
        raise _damaged(lake, dataset, run_date, [f"another version wrote it, {fault}" for fault in faults])


def published(spark: SparkSession, lake: Lake, dataset: str, run_date: date, log_id: str = "") -> str:
    """Return the partition's path.

    Raises MissingPartitionError when no run has published it, DamagedPartitionError when its files are not those that
    were published, or not made from the log of that id, if one is given.
    """
    partition = lake.partition(dataset, run_date)
    for attempt in range(READ_ATTEMPTS):
        # Another run of the date may be replacing it: it is gone for a moment, or its mark and files are of two runs.
        time.sleep(READ_PAUSE_SECONDS if attempt else 0)
        faults = _faults(spark, partition, log_id)
        if faults == []:
            return partition
    if faults:
        raise _damaged(lake, dataset, run_date, faults)
    raise MissingPartitionError(f"{partition} does not exist; run the stage that makes {dataset} for {run_date} first")


def _damaged(lake: Lake, dataset: str, run_date: date, faults: list[str]) -> DamagedPartitionError:
    return DamagedPartitionError(
        f"{lake.partition(dataset, run_date)} is not what a run of this version published: {'; '.join(faults)}; run "
        f"the stage that makes {dataset} for {run_date} again, and those after it"
    )


def file_names(spark: SparkSession, directory: str) -> list[str]:
    """List the names of the data files in a directory, in order; hidden ones (`_SUCCESS`, `.crc`) are left out."""
    statuses = _files(spark, directory).util().listStatus(_path(spark, directory))
    return sorted(name for name in (status.getPath().getName() for status in statuses) if name[0] not in "._")


def run_dates(spark: SparkSession, lake: Lake, dataset: str) -> list[date]:
    """The run dates of a dataset, in order; none where there is no such dataset yet."""
    try:
        statuses = _files(spark, lake.dataset(dataset)).util().listStatus(_path(spark, lake.dataset(dataset)))
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException"):
            return []
        raise
    return sorted(day for status in statuses if (day := date_of(status.getPath().getName())))


def rename(spark: SparkSession, old: str, new: str) -> bool:
    """Rename a file or directory; False where there is nothing to rename or the new name is taken."""
    local = _local(spark, old)
    if local and os.path.isdir(local):
        return _rename_local_directory(local, _local(spark, new) or new)
    # FileContext, not FileSystem: the latter's rename moves a directory *into* an existing one without a word.
    no_options = _gateway(spark).new_array(_gateway(spark).jvm.org.apache.hadoop.fs.Options.Rename, 0)
    try:
        _files(spark, old).rename(_path(spark, old), _path(spark, new), no_options)
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException", "FileAlreadyExistsException"):
            return False
        raise
    return True


def _rename_local_directory(old: str, new: str) -> bool:
    # Hadoop looks whether the name is taken, and renames then. If another run takes it in between, that fails, and
    # Hadoop goes on to copy the directory, file by file, *into* the other run's: a partition of both.
    try:
        os.rename(old, new)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def is_a(error: Py4JJavaError, *names: str) -> bool:
    """Is the Java exception of a class of one of these names?"""
    return error.java_exception.getClass().getSimpleName() in names


def make_directory(spark: SparkSession, directory: str) -> None:
    """Make a directory and those above it, unless it is there."""
    _files(spark, directory).mkdir(_path(spark, directory), None, True)


@dataclass(frozen=True)
class InputFile:
    """A file that a frame is read from: its name, its `_metadata.file_path` in the frame, its size in bytes.

    `modified` is when it was last written to, in milliseconds.
    """

    name: str
    metadata_path: str
    size: int
    modified: int


def input_files(spark: SparkSession, frame: DataFrame) -> list[InputFile]:
    """List the files a frame is read from, but those that are gone since Spark listed them."""
    found = []
    for uri in frame.inputFiles():
        # Spark escapes names as a URI does, and in `_metadata` writes file:/ for file:///.
        path = _gateway(spark).jvm.org.apache.hadoop.fs.Path(_gateway(spark).jvm.java.net.URI(uri))
        try:
            status = path.getFileSystem(_hadoop_conf(spark)).getFileStatus(path)
        except Py4JJavaError as error:
            if is_a(error, "FileNotFoundException"):
                continue
            raise
        name, in_frame = path.toString(), _path(spark, uri).toString()
        found.append(InputFile(name, in_frame, status.getLen(), status.getModificationTime()))
    return found


def read_log(spark: SparkSession, lake: Lake, run_date: date) -> Log:
    """Return the log that a run answers for, its listens where they can be read with the least effort.

    Raises MissingPartitionError when the run has none.
    """
    log = lineage.read_log(read_stage_record(spark, lake, lineage.KEPT_BY, run_date))
    if log is None:
        # An earlier version's: the run's own listens, whatever they were made from.
        return lineage.unnamed_log(run_date)
    folded = Part(FOLDED_LISTENS, run_date, log.log_id)
    return log.folded(folded) if is_made_from(spark, lake, folded) else log


def is_made_from(spark: SparkSession, lake: Lake, part: Part) -> bool:
    """Does the mark of a partition say that it was made from the log `part` has the id of?"""
    return marks.log_id_of(_mark(spark, lake.partition(part.dataset, part.run_date))) == part.log_id


def kept(rows: DataFrame, path: str) -> DataFrame:
    """Write some rows and read them back, rather than work them out twice."""
    rows.write.parquet(path)
    return rows.sparkSession.read.schema(rows.schema).parquet(path)


def read_stage_record(spark: SparkSession, lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Return what a stage kept; raises MissingPartitionError if it kept nothing."""
    text = _text(spark, lake.stage_record(stage, run_date))
    if text is None:
        raise MissingPartitionError(
            f"{lake.stage_record(stage, run_date)} does not exist; run {stage} for {run_date} first"
        )
    return json.loads(text)


def write_stage_record(spark: SparkSession, lake: Lake, stage: str, run_date: date, record: dict[str, Any]) -> None:
    """Keep what a stage did as JSON, in place of what an earlier try of the same run kept."""
    text = json.dumps({"stage": stage, "run_date": str(run_date), **record}, indent=2, ensure_ascii=False)
    with staging_area(spark, lake, run_date) as area:
        staged = f"{area}/{stage}.json"
        _write(spark, staged, text)
        publish(spark, staged, lake.stage_record(stage, run_date))


def _write(spark: SparkSession, path: str, text: str) -> None:
    stream = _path(spark, path).getFileSystem(_hadoop_conf(spark)).create(_path(spark, path))
    stream.write(bytearray(text.encode()))
    stream.close()


def _faults(spark: SparkSession, partition: str, log_id: str) -> list[str] | None:
    """What is wrong with the files of a partition, None if there is no such partition."""
    try:
        return marks.faults(_mark(spark, partition), _file_sizes(spark, partition), log_id)
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException"):
            return None
        raise


def _mark(spark: SparkSession, partition: str) -> str | None:
    """The text of a partition's mark, None where it has none."""
    return _text(spark, f"{partition}/{marks.MARK}")


def _text(spark: SparkSession, file: str) -> str | None:
    """The text of a file, None where there is none."""
    path = _path(spark, file)
    try:
        stream = path.getFileSystem(_hadoop_conf(spark)).open(path)
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException"):
            return None
        raise
    try:
        return bytes(stream.readAllBytes()).decode(errors="replace")
    finally:
        stream.close()


def _file_sizes(spark: SparkSession, directory: str) -> dict[str, int]:
    """The data files below a directory, by their name within it, and their sizes in bytes."""
    root = _path(spark, directory).getFileSystem(_hadoop_conf(spark)).resolvePath(_path(spark, directory)).toString()
    files = _files(spark, directory).util().listFiles(_path(spark, directory), True)
    sizes = {}
    while files.hasNext():
        status = files.next()
        name = status.getPath().toString().removeprefix(f"{root}/")
        if marks.is_data(name):
            sizes[name] = status.getLen()
    return sizes


def _local(spark: SparkSession, path: str) -> str | None:
    """The path of the local file system that a path or URI means, None if it means another file system's."""
    file_system = _path(spark, path).getFileSystem(_hadoop_conf(spark))
    is_local = file_system.getUri().getScheme() == "file"
    return file_system.makeQualified(_path(spark, path)).toUri().getPath() if is_local else None


def _files(spark: SparkSession, path: str) -> Any:
    uri = _path(spark, path).getFileSystem(_hadoop_conf(spark)).getUri()
    return _gateway(spark).jvm.org.apache.hadoop.fs.FileContext.getFileContext(uri, _hadoop_conf(spark))


def _path(spark: SparkSession, path: str) -> Any:
    return _gateway(spark).jvm.org.apache.hadoop.fs.Path(path)


def _gateway(spark: SparkSession) -> Any:
    return spark.sparkContext._gateway


def _hadoop_conf(spark: SparkSession) -> Any:
    return spark._jsc.hadoopConfiguration()
