"""The records of CSV files. Most files have one a line, and Spark reads many parts of such a file at once.

A file is read from its beginning to its end by one task where a record has several lines, or a quote never closes, or a
CR alone ends a record: nobody can tell from a part of it where a record begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality.judging import lines_to_read
from spark_jobs.shared.csv_headers import Columns, Header
from spark_jobs.shared.csv_stitching import STITCHED, stitcher
from spark_jobs.shared.csv_text import is_record
from spark_jobs.shared.linked_files import LinkedFiles, file_number

T = TypeVar("T", str, Columns)
_MARK = "\ufeff"


def records_to_read(spark: SparkSession, linked: LinkedFiles, headers: Sequence[Header], longest: int) -> DataFrame:
    """Read the records of linked files, each of which has its header. Reads all lines, once, to tell the files apart.

    Returns `line` (string: the record as it came), `file_id` (int), `part_start` (long), `line_number` (long: that on
    which the record begins, null where each line is a record), `is_closed` (boolean) and `columns` (struct, see
    csv_headers.Columns).
    """
    lines = lines_to_read(linked.read_lines(spark))
    unsplit = _to_read_in_order(lines, headers)
    if not unsplit:
        records = _records_of_lines(lines, headers)
    else:
        records = _stitched(linked.read_some(spark, unsplit, in_order=True), longest)
        split = [number for number in range(len(headers)) if number not in unsplit]
        if split:
            others = lines_to_read(linked.read_some(spark, split))
            records = records.unionByName(_records_of_lines(others, headers))
    return records.withColumn("columns", _columns(headers))


def _to_read_in_order(lines: DataFrame, headers: Sequence[Header]) -> set[int]:
    """Return the numbers of the files that one task must read. Runs Spark over all lines."""
    odd, header = ~is_record(F.col("line")), _is_header(headers)
    # Spark tells no line's number: a second line like the header is another record, and no part tells them apart.
    seen = lines.where(odd | header).groupBy("file_id")
    found = seen.agg(F.count_if(odd).alias("odd"), F.count_if(header).alias("headers")).collect()
    in_several = {number for number, header in enumerate(headers) if not header.is_line}
    return in_several | {row.file_id for row in found if row.odd or row.headers != 1}


def _records_of_lines(lines: DataFrame, headers: Sequence[Header]) -> DataFrame:
    without_headers = lines.where(~_is_header(headers))
    return without_headers.withColumns({"line_number": F.lit(None).cast("long"), "is_closed": F.lit(True)})


def _stitched(lines: DataFrame, longest: int) -> DataFrame:
    # As bytes: Python would refuse text that is no valid UTF-8.
    as_bytes = lines.select(F.col("value").cast("binary").alias("value"), file_number().alias("file_id"))
    stitched = as_bytes.mapInArrow(stitcher(longest), STITCHED)
    return stitched.select(
        F.col("line").cast("string").alias("line"),
        "file_id",
        F.lit(0).cast("long").alias("part_start"),
        "line_number",
        "is_closed",
    )


def _is_header(headers: Sequence[Header]) -> Column:
    """Return whether a line is that of its file's header."""
    lines = [header.line.decode("utf-8", "replace") for header in headers]
    header = _of_file(lines or [""], F.lit)
    # Hadoop may leave a byte-order mark out.
    return (F.col("part_start") == 0) & ((F.col("line") == header) | (F.col("line") == F.concat(F.lit(_MARK), header)))


def _columns(headers: Sequence[Header]) -> Column:
    def literal(columns: Columns) -> Column:
        places = F.array(*map(F.lit, columns.places)).cast("array<int>")
        return F.struct(F.lit(columns.count).alias("count"), places.alias("places"))

    return _of_file([header.columns for header in headers] or [Columns(0, ())], literal)


def _of_file(values: Sequence[T], literal: Callable[[T], Column]) -> Column:
    """Return the value of a line's file, of which most logs have few different ones."""
    different = {value: str(place) for place, value in enumerate(dict.fromkeys(values))}
    if len(different) == 1:
        return literal(values[0])
    places = F.split(F.lit(" ".join(different[value] for value in values)), " ")
    return F.get(F.array(*map(literal, different)), F.get(places, F.col("file_id")).cast("int"))
