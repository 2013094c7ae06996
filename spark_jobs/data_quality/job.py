"""Judge every line of a listening log: keep it as a listen, or reject it with its reason.

Writes the partition `run_date` of `listens` and `rejected_listens`, and the stage's record with all counts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality import folding, history, inputs, line_counts, outcomes
from spark_jobs.data_quality.rules import reject_duplicates, reject_known, sort_into_buckets
from spark_jobs.data_quality.tally import read_tally, tally
from spark_jobs.shared import buckets, lineage, schemas, storage
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import add_input_root, job_parser, positive_int
from spark_jobs.shared.input_files import InputFile, list_files
from spark_jobs.shared.lake import LISTENS, REJECTED_LISTENS, Lake
from spark_jobs.shared.linked_files import file_number, link
from spark_jobs.shared.partitioning import bucket_count
from spark_jobs.shared.paths import path_of, shown

STAGE = "data_quality"


@dataclass(frozen=True)
class DataQualityJob:
    """What the job is told: the input (a file, a directory or a glob), the lake, the partition it owns.

    Every file of the input must lie below `input_root`, links resolved, unless that is empty. `listed` is the
    path of the files that `check_input` found (`Lake.input_listing`): the job reads the same ones or none; "": whatever
    there is.
    `load="full"`: the input is the whole log. `load="daily"`: it is what has arrived for the run date; a log that lies
    in more than `fold_after` partitions then is folded into one.
    """

    input_path: str
    lake: Lake
    run_date: date
    input_root: str = ""
    listed: str = ""
    load: str = lineage.FULL
    fold_after: int = folding.FOLD_AFTER


def parse_args(argv: list[str] | None = None) -> DataQualityJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    parser.add_argument(
        "--input",
        required=True,
        help="the log: a file, a directory (every file below it) or a glob, as a local path or a file:// URI; .gz too",
    )
    parser.add_argument("--listed", default="", help="the list of the files to expect; empty: those that are there")
    parser.add_argument(
        "--load", choices=lineage.LOADS, default=lineage.FULL, help="is the input the whole log, or what a day adds?"
    )
    parser.add_argument(
        "--fold-after",
        type=positive_int,
        default=folding.FOLD_AFTER,
        help="partitions of listens before they are folded",
    )
    add_input_root(parser)
    args = parser.parse_args(argv)
    return DataQualityJob(
        args.input, Lake(args.lake), args.run_date, args.input_root, args.listed, args.load, args.fold_after
    )


def run(spark: SparkSession, job: DataQualityJob) -> dict[str, Any]:
    """Publish both datasets from one pass over the input and return the stage's record.

    Raises InputError, EmptyInputError, UnreadableInputError, InputChangedError or LineCountMismatchError, and
    MissingPartitionError or DamagedPartitionError where the log to add to is not as it was left; nothing is published
    then.
    """
    started = time.monotonic()
    listing = list_files(job.input_path, job.input_root)
    if job.listed:
        inputs.check_listed(job.listed, listing)
    base = history.base_of(spark, job.lake, job.run_date) if job.load == lineage.DAILY else None
    arrived = history.arrivals(listing.files, base)
    files = arrived.new
    sizes = [(file.name, file.size) for file in files]
    bucket_number = base.buckets if base else bucket_count(sizes, spark.sparkContext.defaultParallelism)
    log = history.log_of(job.run_date, base, files, bucket_number)

    with storage.staging_area(spark, job.lake, job.run_date) as area:
        staged, rejected = f"{area}/outcomes", f"{area}/rejected"
        linked = link(files, Path(area).absolute() / "input")
        with inputs.read_whole(linked, job.input_path, job.input_root, listing):
            named = lines_to_read(linked.read_lines(spark))
            known = _known_listens(spark, job, base, named, area) if base and files else None
            counts = write_outcomes(named, len(files), job.run_date, bucket_number, staged, known)
        names = name_files(spark, files)
        per_file = line_counts.per_file(files, counts)
        line_counts.check(job.input_path, counts, per_file, may_be_empty=job.load == lineage.DAILY)
        listens = complete_listens(spark, staged, bucket_number, is_empty=counts[outcomes.KEPT] == 0)
        late = history.late_listens(spark.read.parquet(listens), job.run_date) if base else None
        write_rejected_listens(spark, staged, names, rejected)
        storage.publish_partition(spark, rejected, job.lake.partition(REJECTED_LISTENS, job.run_date), log.log_id)
        storage.publish_partition(spark, listens, job.lake.partition(LISTENS, job.run_date), log.log_id)
        folded = folding.fold(spark, job.lake, log, area, job.fold_after)

    figures = line_counts.quality_figures(counts)
    record = {
        "parameters": {"input_path": shown(path_of(job.input_path)), "load": job.load},
        "input": {"files": len(files), "bytes": sum(file.size for file in files)},
        **figures,
        "log": history.log_figures(base, figures),
        "new": history.news(arrived, late, counts["known_listens"]) if base else None,
        "files": per_file,
        "left_out": list(listing.left_out),
        "buckets": bucket_number,
        "folded": folded,
        lineage.LINEAGE: log.to_json(),
        "seconds": round(time.monotonic() - started, 3),
    }
    storage.write_stage_record(spark, job.lake, STAGE, job.run_date, record)
    return record


def lines_to_read(lines: DataFrame) -> DataFrame:
    """The lines that `LinkedFiles.read_lines` returns: `line` (string), `file_id` (int) and `part_start` (long)."""
    return lines.select(
        F.col("value").alias("line"),
        file_number().alias("file_id"),
        F.col("_metadata.file_block_start").alias("part_start"),
    )


def _known_listens(
    spark: SparkSession, job: DataQualityJob, base: history.Base, lines: DataFrame, area: str
) -> DataFrame:
    """The listens among some lines that the base has already."""
    return history.listens_there(spark, job.lake, base.log, outcomes.classify_lines(lines, job.run_date), area)


def write_outcomes(
    lines: DataFrame, files: int, run_date: date, bucket_number: int, staged: str, known: DataFrame | None = None
) -> dict[str, Any]:
    """Write every line's outcome, one task a bucket, and return what the pass counted on its way.

    `known` are the listens, by LISTEN_KEY, that the log to add to has already.
    """
    read, in_day, judged = Observation("read"), Observation("in_day"), Observation("judged")
    # Where the rows are made for the shuffle, not right behind the reader, where Spark would make them once more.
    classified = outcomes.classify_lines(lines, run_date).observe(read, tally(F.col("file_id"), files).alias("files"))

    in_order = sort_into_buckets(classified, bucket_number)
    each_once = reject_duplicates(in_order)
    if known is not None:
        counted_once = each_once.observe(in_day, F.count_if(F.col("reason").isNull()).alias("listens"))
        each_once = reject_known(counted_once, known)
    numbered = outcomes.number_outcomes(each_once)
    every_outcome = numbered.observe(judged, *outcomes.outcome_counts(files))
    table = outcomes.outcome_table(every_outcome)
    table.write.options(**buckets.FILE_OPTIONS).partitionBy("outcome").parquet(staged)
    lines_of_files = read_tally(read.get["files"])
    kept_of_files, rejected_of_files = outcomes.read_file_counts(judged.get)
    found = outcomes.read_outcome_counts(judged.get)
    return {
        "lines_read": lines_of_files.total(),
        **found,
        "known_listens": 0 if known is None else in_day.get["listens"] - found[outcomes.KEPT],
        "first_listened_at": judged.get["first_listened_at"],
        "last_listened_at": judged.get["last_listened_at"],
        "of_files": {
            "lines_read": lines_of_files,
            "listens_kept": kept_of_files,
            "lines_rejected": rejected_of_files,
        },
    }


def name_files(spark: SparkSession, files: Sequence[InputFile]) -> DataFrame:
    """One row a file: `file` (string), its name, and `file_id` (int), its place among the files."""
    columns = {"file": [file.name for file in files], "file_id": list(range(len(files)))}
    # From Arrow the rows lie in the plan; from Python's lists they would cost a job and a Python worker, seconds.
    types = pa.schema([("file", pa.string()), ("file_id", pa.int32())])
    return spark.createDataFrame(pa.table(columns, schema=types))


def complete_listens(spark: SparkSession, staged: str, bucket_number: int, is_empty: bool) -> str:
    """Make the listens of a staged outcome table a dataset of their own; return its directory."""
    listens = f"{staged}/outcome={outcomes.KEPT}"
    if is_empty:
        # No task had a listen to write, but whoever reads the partition wants to find its columns.
        spark.createDataFrame([], schemas.LISTENS).coalesce(1).write.parquet(listens)
    buckets.name_files_by_bucket(spark, listens, bucket_number)
    return listens


def write_rejected_listens(spark: SparkSession, staged: str, names: DataFrame, rejected: str) -> None:
    """Write the rejected lines of a staged outcome table under their own schema, partitioned by reason."""
    table = spark.read.schema(outcomes.OUTCOME_SCHEMA).parquet(staged)
    outcomes.rejected_listens(table, names).write.partitionBy("reason").parquet(rejected)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    figures = run_application(f"{STAGE} {job.run_date}", lambda spark: run(spark, job))
    rows = figures["rows"]
    print(
        f"{STAGE}: {rows['lines_read']:,} lines read, {rows['listens_kept']:,} listens kept, "
        f"{rows['lines_rejected']:,} lines rejected, quality score {figures['quality_score']:.2f}"
    )


if __name__ == "__main__":
    main()
