"""How many pieces the events are cut into: from the data and the cores at hand, never a constant."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

# One task sorts a bucket, in half of a 2 GiB driver: of this much text some spills (docs/performance.md). Of less
# there would be more buckets, and the largest of them further from the median.
BYTES_PER_BUCKET = 160 * 1024**2
# A gzipped log grows about this much when it is read.
GZIP_RATIO = 4
# No cluster of this pipeline has more.
_MOST_CORES = 10_000


def cores_of(spark: SparkSession) -> int:
    """Return how many tasks Spark runs at once, as it says by cutting a range into as many. Runs Spark."""
    tasks = spark.range(_MOST_CORES).select(F.spark_partition_id().alias("task"))
    (last,) = tasks.agg(F.max("task")).collect()[0]
    return last + 1


def bucket_count(input_sizes: Iterable[tuple[str, int]], cores: int) -> int:
    """Return the number of buckets for files of these names and sizes (bytes): whole rounds of the cores.

    >>> bucket_count([("log.tsv", 2_400_000_000)], cores=2)
    16
    >>> bucket_count([("log.tsv", 5_000)], cores=2)
    2
    """
    rounds = -(-text_bytes(input_sizes) // (BYTES_PER_BUCKET * cores))
    return max(1, rounds) * cores


def text_bytes(input_sizes: Iterable[tuple[str, int]]) -> int:
    """About how many bytes of text there are in files of these names and sizes (bytes).

    >>> text_bytes([("a.tsv", 100), ("b.TSV.GZ", 100)])
    500
    """
    return sum(size * (GZIP_RATIO if name.lower().endswith(".gz") else 1) for name, size in input_sizes)
