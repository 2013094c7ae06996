"""Judge every line of a listening log: keep it as a listen, or reject it with its reason.

Writes the partition `run_date` of `listens` and `rejected_listens`, and the stage's record with all counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality import folding, history, inputs, outcomes
from spark_jobs.data_quality.rules import REASONS, WARNINGS, reject_duplicates, reject_known, sort_into_buckets
from spark_jobs.data_quality.tally import read_tally, tally
from spark_jobs.shared import buckets, lineage, schemas, storage
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import add_input_root, job_parser, positive_int
from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.file_system import InputFile, input_files
from spark_jobs.shared.input_root import check_below
from spark_jobs.shared.lake import LISTENS, REJECTED_LISTENS, Lake
from spark_jobs.shared.partitioning import bucket_count

STAGE = "data_quality"


@dataclass(frozen=True)
class DataQualityJob:
    """What the job is told: the input (a file, a directory or a glob), the lake, the partition it owns.

    Every file of the input must lie below `input_root`, links resolved, unless that is empty. Of a `load` that is
    "full" it is the whole log, of one that is "daily" what has arrived for the run date; a log that lies in more than
    `fold_after` partitions then is folded into one.
    """

    input_path: str
    lake: Lake
    run_date: date
    input_root: str = ""
    load: str = lineage.FULL
    fold_after: int = folding.FOLD_AFTER


class LineCountMismatchError(RuntimeError):
    """Lines were lost or counted twice between reading and writing."""


def parse_args(argv: list[str] | None = None) -> DataQualityJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    parser.add_argument("--input", required=True, help="the log: a file, a directory or a glob; .gz is read too")
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
        args.input, Lake(args.lake), args.run_date, args.input_root, load=args.load, fold_after=args.fold_after
    )


def run(spark: SparkSession, job: DataQualityJob) -> dict[str, Any]:
    """Publish both datasets from one pass over the input and return the stage's record.

    Raises OutsideInputRootError, EmptyInputError, UnreadableInputError, InputChangedError or LineCountMismatchError,
    and MissingPartitionError or DamagedPartitionError where the log to add to is not as it was left; nothing is
    published then.
    """
    started = time.monotonic()
    base = history.base_of(spark, job.lake, job.run_date) if job.load == lineage.DAILY else None
    lines = spark.read.text(job.input_path, lineSep="\n")
    found = input_files(spark, lines)
    check_below(job.input_root, found)
    inputs.check_files(job.input_path, lines, found)
    arrived = history.arrivals(found, base)
    files = arrived.new
    sizes = [(file.name, file.size) for file in files]
    bucket_number = base.buckets if base else bucket_count(sizes, spark.sparkContext.defaultParallelism)
    log = history.log_of(job.run_date, base, files, bucket_number)

    with storage.staging_area(spark, job.lake, job.run_date) as area:
        staged, rejected = f"{area}/outcomes", f"{area}/rejected"
        with inputs.read_whole(spark, lines, files):
            named = name_lines(lines, arrived.known)
            known = _known_listens(spark, job, base, named, area) if base and files else None
            counts = write_outcomes(named, len(files), job.run_date, bucket_number, staged, known)
            # A link that was changed while it was read is found out as long as it stays so.
            check_below(job.input_root, files)
        names = name_files(spark, files)
        per_file = counts_per_file(names, counts)
        check_line_counts(job.input_path, counts, per_file, may_be_empty=job.load == lineage.DAILY)
        listens = complete_listens(spark, staged, bucket_number, is_empty=counts[outcomes.KEPT] == 0)
        late = history.late_listens(spark.read.parquet(listens), job.run_date) if base else None
        write_rejected_listens(spark, staged, names, rejected)
        storage.publish_partition(spark, rejected, job.lake.partition(REJECTED_LISTENS, job.run_date), log.log_id)
        storage.publish_partition(spark, listens, job.lake.partition(LISTENS, job.run_date), log.log_id)
        folded = folding.fold(spark, job.lake, log, area, job.fold_after)

    figures = quality_figures(counts)
    record = {
        "parameters": {"input_path": job.input_path, "load": job.load},
        "input": {"files": len(files), "bytes": sum(file.size for file in files)},
        **figures,
        "log": history.log_figures(base, figures),
        "new": history.news(arrived, late, counts["known_listens"]) if base else None,
        "files": per_file,
        "buckets": bucket_number,
        "folded": folded,
        lineage.LINEAGE: log.to_json(),
        "seconds": round(time.monotonic() - started, 3),
    }
    storage.write_stage_record(spark, job.lake, STAGE, job.run_date, record)
    return record


def name_lines(lines: DataFrame, known: list[InputFile]) -> DataFrame:
    """The lines of all files but the known ones: `line` (string), `file_id` and `part_start` (long)."""
    path = F.col("_metadata.file_path")
    if known:
        lines = lines.where(~path.isin([file.metadata_path for file in known]))
    return lines.select(
        F.col("value").alias("line"),
        outcomes.file_id(path).alias("file_id"),
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


def name_files(spark: SparkSession, files: list[InputFile]) -> DataFrame:
    """One row a file: `file` (string), its name, `file_id` (long), and `bytes` (long)."""
    columns = {
        "file": [file.name for file in files],
        "path": [file.metadata_path for file in files],
        "bytes": [file.size for file in files],
    }
    # From Arrow the rows lie in the plan; from Python's lists they would cost a job and a Python worker, seconds.
    types = pa.schema([("file", pa.string()), ("path", pa.string()), ("bytes", pa.int64())])
    named = spark.createDataFrame(pa.table(columns, schema=types))
    return named.select("file", outcomes.file_id("path").alias("file_id"), "bytes")


def counts_per_file(names: DataFrame, counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Tell what became of each file's lines, files in the order of their names."""
    return [
        {
            "file": row.file,
            "bytes": row.bytes,
            **{what: of_file[row.file_id] for what, of_file in counts["of_files"].items()},
        }
        for row in sorted(names.collect())
    ]


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
    table = spark.read.schema(outcomes.OUTCOMES).parquet(staged)
    outcomes.rejected_listens(table, names).write.partitionBy("reason").parquet(rejected)


def check_line_counts(
    input_path: str, counts: dict[str, Any], per_file: list[dict[str, Any]], may_be_empty: bool = False
) -> None:
    """Raise unless there are lines and each of them is kept or rejected, in every file and in total."""
    rejected = sum(counts[reason] for reason in REASONS)
    total = {"lines_read": counts["lines_read"], "listens_kept": counts[outcomes.KEPT], "lines_rejected": rejected}
    if total["lines_read"] == 0 and not may_be_empty:
        raise EmptyInputError(f"{input_path} holds no line; a run needs at least one: check what writes the log")
    of_all_files = {what: sum(file[what] for file in per_file) for what in total}
    for counted in (*per_file, {"file": input_path, **total}):
        if counted["lines_read"] != counted["listens_kept"] + counted["lines_rejected"] or of_all_files != total:
            raise LineCountMismatchError(
                f"read {counted['lines_read']} lines of {counted['file']} but kept {counted['listens_kept']} and "
                f"rejected {counted['lines_rejected']}; nothing was published: was the input written to during the "
                "run, or an executor lost, whose lines Spark then counted twice? Run the stage again"
            )


def quality_figures(counts: dict[str, Any]) -> dict[str, Any]:
    """Shape the counts of a pass for the stage's record."""
    rejected = {reason: counts[reason] for reason in REASONS}
    # What the log has already says nothing about what is new: a file may overlap one of the days before.
    lines = counts["lines_read"] - counts["known_listens"]
    return {
        "rows": {
            "lines_read": counts["lines_read"],
            "listens_kept": counts[outcomes.KEPT],
            "lines_rejected": sum(rejected.values()),
        },
        # Of no line none was bad.
        "quality_score": 100 * counts[outcomes.KEPT] / lines if lines else 100.0,
        "rejected": rejected,
        "warnings": {warning: counts[warning] for warning in WARNINGS},
        "first_listened_at": counts["first_listened_at"],
        "last_listened_at": counts["last_listened_at"],
    }


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
