"""Where in its file a line stands that cannot be parsed: of such a line no text is kept that could be looked for."""

from __future__ import annotations

import secrets

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

# Of more lines Spark would hold the places in the memory of few tasks; such a log is not judged, but refused.
MOST_NUMBERED = 1_000_000
_SALT = secrets.randbits(62)
_HASHED = 2**16


def line_hash() -> Column:
    """Return a hash of the beginning of `line` that only this process can make: nobody can guess a line from it."""
    # A very long line may have been cut where it was judged.
    is_long = F.octet_length("line") > _HASHED
    return F.xxhash64(F.when(is_long, F.left("line", F.lit(_HASHED))).otherwise(F.col("line")), F.lit(_SALT))


def number_lines(told: DataFrame, lines: DataFrame) -> DataFrame:
    """Add `line_number` (long, from 1 in each file) to rejected records that have a `line_hash`; null for the others.

    `lines` are all those of the files once more: `line`, `file_id`, `part_start`.
    """
    has_hash = F.col("line_hash").isNotNull()
    unparsed, others = told.where(has_hash), told.where(~has_hash)
    # Lines of one file that say the same are told apart by their order, which says nothing more of them.
    ranked = _in_order(unparsed, "part_start")
    places = _in_order(_places(lines, unparsed.select("line_hash").distinct()), "line_number")
    # The key is unique on the right.
    numbered = ranked.join(places, on=["file_id", "line_hash", "rank"], how="left").drop("rank")
    return numbered.unionByName(others.withColumn("line_number", F.lit(None).cast("long")))


def _in_order(rows: DataFrame, column: str) -> DataFrame:
    return rows.withColumn("rank", F.row_number().over(W.partitionBy("file_id", "line_hash").orderBy(column)))


def _places(lines: DataFrame, hashes: DataFrame) -> DataFrame:
    """Find the lines of some hashes: `file_id`, `line_hash` and `line_number`.

    A task reads the parts of files one after another, and counts its lines.
    """
    numbered = lines.select(
        "file_id", "part_start", F.monotonically_increasing_id().alias("place"), line_hash().alias("line_hash")
    )
    wanted = F.broadcast(hashes.withColumn("is_wanted", F.lit(True)))
    place = F.when(F.col("is_wanted"), F.struct("place", "line_hash"))
    parts = (
        numbered.join(wanted, on="line_hash", how="left")
        .groupBy("file_id", "part_start")
        .agg(F.min("place").alias("first"), F.count(F.lit(1)).alias("lines"), F.collect_list(place).alias("found"))
    )
    located = parts.withColumn("before", _lines_before()).withColumn("found", F.explode("found"))
    number = F.col("before") + F.col("found.place") - F.col("first") + 1
    return located.select("file_id", "found.line_hash", number.alias("line_number"))


def _lines_before() -> Column:
    parts_before = W.partitionBy("file_id").orderBy("part_start").rowsBetween(W.unboundedPreceding, -1)
    return F.coalesce(F.sum("lines").over(parts_before), F.lit(0))
