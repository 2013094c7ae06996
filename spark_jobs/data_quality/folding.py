"""A log that lies in many partitions is written into one, so that reading it stays cheap. No raw input is read."""

from __future__ import annotations

from pyspark.sql import SparkSession

from spark_jobs.shared import buckets, storage
from spark_jobs.shared.lake import FOLDED_LISTENS, Lake
from spark_jobs.shared.lineage import Log, Part
from spark_jobs.shared.schemas import LISTEN_KEY

# A month of days.
FOLD_AFTER = 31


def fold(spark: SparkSession, lake: Lake, log: Log, area: str, fold_after: int) -> bool:
    """Write all listens of a log into one partition of its run date, if they lie in more than `fold_after`.

    Returns whether they are folded. Whoever reads the log finds the folded one by its log's id, so nothing else
    changes: until it is published, and without it, the log is what it was. What an earlier run of the date has folded
    stays if it is whole and of the same log, for the days after it may be made of it. Otherwise it goes.
    """
    folded = Part(FOLDED_LISTENS, log.own.run_date, log.log_id)
    partition = lake.partition(folded.dataset, folded.run_date)
    if len(log.parts) <= fold_after:
        if storage.is_made_from(spark, lake, folded) and storage.is_whole(spark, lake, folded):
            return True
        storage.withdraw(spark, area, partition)
        return False
    staged = f"{area}/{FOLDED_LISTENS}"
    # A task holds a bucket, from whichever partition: sorting is all there is to do.
    listens = buckets.read_listens(spark, lake, log.parts).sortWithinPartitions(*LISTEN_KEY)
    listens.write.options(**buckets.FILE_OPTIONS).parquet(staged)
    buckets.name_files_by_bucket(spark, staged, buckets.buckets_of(spark, lake, log.own))
    storage.publish_partition(spark, staged, partition, log.log_id)
    return True
