"""Judge every record of a log: accept it as an event or as a record of another kind, or reject it with its reason.

Writes a snapshot of the accepted records of each kind and one of `rejected_records`, and the stage's record with all
counts. A daily load adds what is new to the records of the latest run before it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.contract import UNNAMED_FIELD
from spark_jobs.data_quality import history, inputs, outcomes
from spark_jobs.data_quality.across import count_over_log
from spark_jobs.data_quality.kinds import Kind, kinds_of
from spark_jobs.data_quality.one_kind import Work, WrittenKind, judge_and_write
from spark_jobs.data_quality.told import LogCounts, record_of
from spark_jobs.lake.tables import buckets_of, prepare, set_buckets
from spark_jobs.shared import loads
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_input_root, job_parser, parsed
from spark_jobs.shared.documents import DATA_QUALITY
from spark_jobs.shared.input_files import InputFile, Listing
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import place_of_links
from spark_jobs.shared.log_files import by_kind, list_log
from spark_jobs.shared.log_tables import DUPLICATES, REJECTED_RECORDS, tables_of
from spark_jobs.shared.masking import key_seen
from spark_jobs.shared.partitioning import bucket_count, cores_of
from spark_jobs.shared.records import DataQualityRecord
from spark_jobs.shared.scratch import scratch
from spark_jobs.shared.stage import begin_try, keep_record


@dataclass(frozen=True)
class DataQualityJob:
    """What the job is told: the input (a file, a directory or a glob), the lake, the run, where its record goes.

    Every file of the input must lie below `input_root`, links resolved, unless that is empty. `listed` is the
    path of the files that `check_input` found (`Lake.input_listing`): the job reads the same ones or none; "": whatever
    there is.
    `load="full"`: the input is the whole log. `load="daily"`: it is what has arrived for the run date.
    """

    input_path: str
    lake: Lake
    run_date: date
    input_root: str = ""
    listed: str = ""
    load: str = loads.FULL
    run_id: str = MANUAL
    record: str = ""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of records of the log; raises MissingRulesError where one has no rules."""
        return kinds_of(self.lake.contract)

    def list_files(self) -> Listing:
        """List the files of the input; raises InputError as `list_log` does."""
        return list_log(self.lake.contract, self.input_path, self.input_root)


def parse_args(argv: list[str] | None = None) -> DataQualityJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    parser.add_argument(
        "--input",
        dest="input_path",
        required=True,
        help="the log: a file, a directory (every file below it) or a glob, as a local path or a file:// URI; .gz too",
    )
    parser.add_argument("--listed", default="", help="the list of the files to expect; empty: those that are there")
    parser.add_argument(
        "--load", choices=loads.LOADS, default=loads.FULL, help="is the input the whole log, or what a day adds?"
    )
    add_input_root(parser)
    return DataQualityJob(**parsed(parser, argv))


def run(spark: SparkSession, job: DataQualityJob) -> DataQualityRecord:
    """Write all tables, each kind of records from one pass over its files, and return the stage's record.

    Raises InputError, EmptyInputError, UnreadableInputError, InputChangedError or LineCountMismatchError, and
    BackwardsError, LostBaseError, MissingRecordError or OtherRecordError where there is no log to add to,
    OtherMaskingKeyError where its sensitive values are hashed by another key, and MissingRulesError where the log's
    records cannot be judged; no record is written then.
    """
    started = time.monotonic()
    kinds, listing = job.kinds, job.list_files()
    if job.listed:
        inputs.check_listed(job.listed, listing)
    base, buckets = _prepared(spark, job, kinds, listing.files)
    key = key_seen(spark) if job.lake.contract.has_sensitive_fields else ""
    history.check_masking_key(base, key)
    arrived = history.arrivals(listing.files, base)
    files = by_kind(job.lake.contract, job.input_path, arrived.new)
    with place_of_links(job.lake) as links, scratch() as keep:
        work = Work(spark, job, listing, base, links, keep, key)
        written = [judge_and_write(work, kind, files[kind.name], buckets[kind.name]) for kind in kinds]
        snapshots = {one.kind.name: one.snapshot for one in written} | _write_rejected(work, written)
        counts = _log_counts(work, written, snapshots)
    return keep_record(job, record_of(work, arrived, written, snapshots, counts, started))


def _prepared(
    spark: SparkSession, job: DataQualityJob, kinds: Sequence[Kind], files: Sequence[InputFile]
) -> tuple[history.Base | None, dict[str, int]]:
    """Make the tables ready; return what the records are added to, if to any, and how many buckets each kind has."""
    log = job.lake.contract
    buckets = bucket_count([(file.name, file.size) for file in files], cores_of(spark))
    with job.lake.catalog.open() as catalog:
        prepare(catalog, log.name, tables_of(log), buckets)
        base = history.base_of(job.lake, catalog, job.run_date) if job.load == loads.DAILY else None
        if base is None:
            set_buckets(catalog, log.name, tables_of(log), buckets)
        return base, {kind.name: buckets_of(catalog, log.name, kind.accepted) for kind in kinds}


def _write_rejected(work: Work, written: Sequence[WrittenKind]) -> dict[str, int]:
    """Write the records that were rejected, and where a log counts them which came again; return the snapshots."""
    union = partial(reduce, DataFrame.unionByName)
    # A few files for each reason, and not one for each bucket of accepted records.
    rejected = union([kind.rejected_records(work.spark) for kind in written]).hint("rebalance", "reason")
    snapshots = {REJECTED_RECORDS.name: begin_try(work.job, DATA_QUALITY).replace(rejected, REJECTED_RECORDS)}
    warned = [one for one in written if one.kind.records.duplicates_warned]
    if warned:
        again = union([outcomes.duplicates(one.told, one.kind) for one in warned]).coalesce(1)
        before = work.base.run.snapshots[DUPLICATES.name] if work.base else None
        stage = begin_try(work.job, DATA_QUALITY, {DUPLICATES.name: before} if before else {})
        snapshots[DUPLICATES.name] = (
            stage.add(again, DUPLICATES, before) if before else stage.replace(again, DUPLICATES)
        )
    return snapshots


def _log_counts(work: Work, written: Sequence[WrittenKind], snapshots: Mapping[str, int]) -> LogCounts:
    """Count over the whole log; nothing where each record shows its warnings by itself, and no duplicate has any."""
    if not any(one.kind.records.duplicates_warned or one.kind.records.across_warnings for one in written):
        return LogCounts({}, {})
    log, before = work.lake.contract, work.base.record.log_warnings if work.base else {}
    own = {
        one.kind.name: {
            name: count + before.get(one.kind.name, {}).get(name, 0) for name, count in one.counts.warnings.items()
        }
        for one in written
    }
    has_unnamed = any(counts.get(UNNAMED_FIELD) for counts in own.values())
    across, unnamed = count_over_log(work.spark, log, snapshots, has_unnamed)
    return LogCounts({kind: {**counts, **across[kind]} for kind, counts in own.items()}, unnamed if has_unnamed else {})


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{DATA_QUALITY} {job.run_date}", job.lake, lambda spark: run(spark, job))
    counts = record.all_counts
    for text in record.left_out:
        print(f"WARNING {DATA_QUALITY} {job.run_date}: {text}", file=sys.stderr)
    print(
        f"{DATA_QUALITY}: {counts.records_read:,} lines read, {counts.events_accepted:,} accepted, "
        f"{counts.records_rejected:,} rejected, quality score {record.quality_score:.2f}"
    )


if __name__ == "__main__":
    main()
