"""Judge every record of a log: accept it as an event, or reject it with its reason.

Writes a snapshot of the events and one of `rejected_records`, and the stage's record with all counts. A daily load adds
what is new to the events of the latest run before it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.data_quality import history, inputs, line_counts, outcomes
from spark_jobs.data_quality.judging import Judged, judge, lines_to_read
from spark_jobs.data_quality.kinds import Kind, only_kind
from spark_jobs.data_quality.line_counts import LineCounts
from spark_jobs.lake.tables import buckets_of, prepare, set_buckets
from spark_jobs.lake.tries import read, read_added
from spark_jobs.shared import loads
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import MANUAL, add_input_root, job_parser, parsed
from spark_jobs.shared.documents import DATA_QUALITY
from spark_jobs.shared.input_files import InputFile, Listing, list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import LinkedFiles, link, place_of_links
from spark_jobs.shared.log_tables import REJECTED_RECORDS, tables_of
from spark_jobs.shared.partitioning import bucket_count, cores_of
from spark_jobs.shared.paths import path_of, shown
from spark_jobs.shared.records import DataQualityParameters, DataQualityRecord, InputSize, LateEvents
from spark_jobs.shared.scratch import Keep, scratch
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


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
    def kind(self) -> Kind:
        """The kind of records of the log; raises UnreadLogError or MissingRulesError where these cannot be read."""
        return only_kind(self.lake.contract)


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
    """Write both tables from one pass over the input and return the stage's record.

    Raises InputError, EmptyInputError, UnreadableInputError, InputChangedError or LineCountMismatchError, and
    BackwardsError, LostBaseError, MissingRecordError or OtherRecordError where there is no log to add to, and
    UnreadLogError or MissingRulesError where the log's records cannot be judged; no record is written then.
    """
    started = time.monotonic()
    listing = list_files(job.input_path, job.input_root)
    if job.listed:
        inputs.check_listed(job.listed, listing)
    base, buckets = _prepared(spark, job, listing.files)
    arrived = history.arrivals(listing.files, base)
    written = _judge_and_write(spark, job, listing, arrived.new, base, buckets)
    return keep_record(job, _record(job, started, listing, arrived, base, written))


@dataclass(frozen=True)
class Written:
    """What was written: the snapshots of both tables, that of the events before it was compacted, and the counts."""

    snapshots: dict[str, int]
    added: int
    counts: LineCounts
    late: LateEvents | None


def _record(
    job: DataQualityJob,
    started: float,
    listing: Listing,
    arrived: history.Arrivals,
    base: history.Base | None,
    written: Written,
) -> DataQualityRecord:
    """Tell what was read and what became of it."""
    counts = written.counts
    return DataQualityRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots=written.snapshots,
        made_from={job.kind.accepted.name: base.events} if base else {},
        parameters=DataQualityParameters(input_path=shown(path_of(job.input_path)), load=job.load),
        base=base.run if base else None,
        added=written.added,
        input=InputSize(files=len(arrived.new), bytes=sum(file.size for file in arrived.new)),
        counts=counts.total,
        quality_score=counts.quality_score,
        rejected=counts.rejected,
        warnings=counts.warnings,
        first_event_at=counts.first,
        last_event_at=counts.last,
        log=history.log_totals(base, counts.accepted, counts.first, counts.last),
        new=history.news(arrived, written.late, counts.known) if written.late else None,
        files=line_counts.per_file(arrived.new, counts),
        left_out=listing.left_out,
        inputs=history.inputs_of(base, arrived.new),
        seconds=seconds_since(started),
    )


def _judge_and_write(
    spark: SparkSession,
    job: DataQualityJob,
    listing: Listing,
    files: Sequence[InputFile],
    base: history.Base | None,
    buckets: int,
) -> Written:
    """Judge the lines of some files of a listing, in one pass, and write what became of them."""
    kind, table, log = job.kind, job.kind.accepted, job.lake.log
    stage = begin_try(job, DATA_QUALITY, {table.name: base.events} if base else {})
    with place_of_links(job.lake) as links, scratch() as keep:
        linked = link(files, links)
        with inputs.read_whole(linked, job.input_path, job.input_root, listing):
            judged = _judged(spark, job, base, buckets, linked, keep)
            aside = stage.set_aside(judged.records, table, base.events if base else None)
    counts = judged.counts()
    line_counts.check(job.input_path, counts.total, line_counts.per_file(files, counts), job.load == loads.DAILY)
    added = of_events = stage.take(aside, table, base.events if base else None)
    late = None
    if base:
        of_events = stage.compact(spark, table)
        late = history.late_events(read_added(spark, log, table, base.events, added), kind.records.time, job.run_date)
    rejected = outcomes.rejected_records(read(spark, log, table, aside), kind, name_files(spark, files))
    of_rejected = begin_try(job, DATA_QUALITY).replace(rejected, REJECTED_RECORDS)
    return Written({table.name: of_events, REJECTED_RECORDS.name: of_rejected}, added, counts, late)


def _prepared(spark: SparkSession, job: DataQualityJob, files: Sequence[InputFile]) -> tuple[history.Base | None, int]:
    """Make the tables ready; return what the events are added to, if to any, and the number of their buckets."""
    log, accepted = job.lake.contract, job.kind.accepted
    buckets = bucket_count([(file.name, file.size) for file in files], cores_of(spark))
    with job.lake.catalog.open() as catalog:
        prepare(catalog, log.name, tables_of(log), buckets)
        base = history.base_of(job.lake, catalog, job.run_date) if job.load == loads.DAILY else None
        if base is None:
            set_buckets(catalog, log.name, tables_of(log), buckets)
        return base, buckets_of(catalog, log.name, accepted)


def _judged(
    spark: SparkSession, job: DataQualityJob, base: history.Base | None, buckets: int, linked: LinkedFiles, keep: Keep
) -> Judged:
    """Judge the lines of the files that are new; where there is a base, they are read twice for it."""
    lines, kind, known = lines_to_read(linked.read_lines(spark)), job.kind, None
    if base and linked.files:
        known = history.events_there(spark, base, kind, outcomes.classify(lines, kind, job.run_date), keep)
    return judge(lines, kind, len(linked.files), job.run_date, buckets, known)


def name_files(spark: SparkSession, files: Sequence[InputFile]) -> DataFrame:
    """One row a file: `file` (string), its name, and `file_id` (int), its place among the files."""
    columns = {"file": [file.name for file in files], "file_id": list(range(len(files)))}
    # From Arrow the rows lie in the plan; from Python's lists they would cost a job and a Python worker, seconds.
    types = pa.schema([("file", pa.string()), ("file_id", pa.int32())])
    return spark.createDataFrame(pa.table(columns, schema=types))


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    record = run_application(f"{DATA_QUALITY} {job.run_date}", job.lake, lambda spark: run(spark, job))
    counts = record.counts
    print(
        f"{DATA_QUALITY}: {counts.records_read:,} lines read, {counts.events_accepted:,} accepted, "
        f"{counts.records_rejected:,} rejected, quality score {record.quality_score:.2f}"
    )


if __name__ == "__main__":
    main()
