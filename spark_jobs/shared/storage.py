"""Reading and publishing the lake's partitions. A partition is visible whole or not at all."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.shared import file_system, lineage, marks, schemas
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
    file_system.make_directory(spark, area)
    try:
        yield area
    finally:
        file_system.remove(spark, area)


def publish_partition(spark: SparkSession, staged: str, partition: str, log_id: str) -> None:
    """Mark a staged directory of data files as whole and as made from a log, and publish it."""
    file_system.write_text(
        spark, f"{staged}/{marks.MARK}", marks.mark_of(file_system.file_sizes(spark, staged), log_id)
    )
    publish(spark, staged, partition)


def publish(spark: SparkSession, staged: str, partition: str) -> None:
    """Rename a staged file or directory to a place; what was there before goes away with the staging area.

    Two renames: between them the partition is absent, never half there. On an object store, where a rename
    is a copy, readers must wait for the run to end.
    """
    file_system.make_directory(spark, partition.rsplit("/", 1)[0])
    for attempt in range(PUBLISH_ATTEMPTS):
        replaced = f"{staged}.replaced-{attempt}"
        file_system.rename(spark, partition, replaced)
        try:
            if file_system.rename(spark, staged, partition):
                return
        except (Py4JJavaError, OSError):
            file_system.rename(spark, replaced, partition)
            raise
    raise RuntimeError(
        f"{partition} is being published by another run at the same time; let that one end, then run this date again"
    )


def withdraw(spark: SparkSession, area: str, place: str) -> None:
    """Take a partition or a record away, if it is there, into a staging area that is removed in the end."""
    file_system.make_directory(spark, area)
    file_system.rename(spark, place, f"{area}/withdrawn-{uuid.uuid4().hex}")


def read_partition(spark: SparkSession, lake: Lake, part: Part, schema: T.StructType) -> DataFrame:
    """Read one run's partition in its published schema.

    Raises MissingPartitionError when no run has published it, DamagedPartitionError when it is not as published, or not
    made from the log that it should be.
    """
    rows = spark.read.parquet(published(spark, lake, part))
    check_schema(rows, lake, part, schema)
    return rows.select(*schema.fieldNames())


def check_schema(rows: DataFrame, lake: Lake, part: Part, schema: T.StructType) -> None:
    """Raise DamagedPartitionError if the rows of a partition lack a column of its schema or have it in another type.

    Read by that schema, a missing column would be one of nulls.
    """
    faults = schemas.faults(rows, schema)
    if faults:
        raise _damaged(lake, part, [f"another version wrote it, {fault}" for fault in faults])


def published(spark: SparkSession, lake: Lake, part: Part) -> str:
    """Return the partition's path.

    Raises MissingPartitionError when no run has published it, DamagedPartitionError when its files are not those that
    were published, or not made from the part's log, if it names one.
    """
    partition = lake.partition(part.dataset, part.run_date)
    for attempt in range(READ_ATTEMPTS):
        # Another run of the date may be replacing it: it is gone for a moment, or its mark and files are of two runs.
        time.sleep(READ_PAUSE_SECONDS if attempt else 0)
        faults = _faults(spark, partition, part.log_id)
        if faults == []:
            return partition
    if faults:
        raise _damaged(lake, part, faults)
    raise MissingPartitionError(
        f"{partition} does not exist; run the stage that makes {part.dataset} for {part.run_date} first"
    )


def _damaged(lake: Lake, part: Part, faults: list[str]) -> DamagedPartitionError:
    return DamagedPartitionError(
        f"{lake.partition(part.dataset, part.run_date)} is not what a run of this version published: "
        f"{'; '.join(faults)}; run the stage that makes {part.dataset} for {part.run_date} again, and those after it"
    )


def run_dates(spark: SparkSession, lake: Lake, dataset: str) -> list[date]:
    """The run dates of a dataset, in order; none where there is no such dataset yet."""
    return sorted(day for name in file_system.entries(spark, lake.dataset(dataset)) if (day := date_of(name)))


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


def is_whole(spark: SparkSession, lake: Lake, part: Part) -> bool:
    """Can a partition be read as the run left it that published it?"""
    try:
        return bool(published(spark, lake, part))
    except (MissingPartitionError, DamagedPartitionError):
        return False


def materialized(rows: DataFrame, path: str) -> DataFrame:
    """Write some rows and read them back, rather than work them out twice."""
    rows.write.parquet(path)
    return rows.sparkSession.read.schema(rows.schema).parquet(path)


def read_stage_record(spark: SparkSession, lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Return what a stage kept; raises MissingPartitionError if it kept nothing."""
    text = file_system.read_text(spark, lake.stage_record(stage, run_date))
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
        file_system.write_text(spark, staged, text)
        publish(spark, staged, lake.stage_record(stage, run_date))


def _faults(spark: SparkSession, partition: str, log_id: str) -> list[str] | None:
    """What is wrong with the files of a partition, None if there is no such partition."""
    try:
        return marks.faults(_mark(spark, partition), file_system.file_sizes(spark, partition), log_id)
    except Py4JJavaError as error:
        if file_system.is_a(error, "FileNotFoundException"):
            return None
        raise


def _mark(spark: SparkSession, partition: str) -> str | None:
    """The text of a partition's mark, None where it has none."""
    return file_system.read_text(spark, f"{partition}/{marks.MARK}")
