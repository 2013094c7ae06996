"""One kind of records: from its files to its table, in one pass, and what that tells of those that were rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import Csv
from spark_jobs.data_quality import conflicts, history, inputs, line_counts, outcomes
from spark_jobs.data_quality.judging import Known, judge
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.data_quality.line_counts import LineCounts
from spark_jobs.data_quality.line_numbers import MOST_NUMBERED, number_lines
from spark_jobs.data_quality.lines import read_lines
from spark_jobs.lake.tags import JUDGES, tagged
from spark_jobs.lake.tries import read, read_added
from spark_jobs.shared import loads
from spark_jobs.shared.csv_rules import MALFORMED
from spark_jobs.shared.documents import DATA_QUALITY
from spark_jobs.shared.input_files import InputFile, Listing
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import link
from spark_jobs.shared.records import LateEvents
from spark_jobs.shared.scratch import Keep
from spark_jobs.shared.stage import Job, begin_try

# So many places are told of which the rest of a file was swallowed.
_MOST_TOLD = 20


class InputJob(Job, Protocol):
    """A job that reads an input: the whole log, or what a day adds."""

    @property
    def input_path(self) -> str: ...  # noqa: D102
    @property
    def load(self) -> str: ...  # noqa: D102
    def list_files(self) -> Listing: ...  # noqa: D102


@dataclass(frozen=True)
class Work:
    """What the passes over all kinds share: the listing of the input, the base, a place for links, a scratch.

    `masking_key` is what `key_seen` tells of the key for sensitive values.
    """

    spark: SparkSession
    job: InputJob
    listing: Listing
    base: history.Base | None
    links: Path
    keep: Keep
    masking_key: str = ""

    @property
    def lake(self) -> Lake:
        """The lake that is written."""
        return self.job.lake

    @property
    def run_date(self) -> date:
        """The run date."""
        return self.job.run_date


@dataclass(frozen=True)
class WrittenKind:
    """What was written of a kind: its snapshot, that before it was compacted, and its counts.

    `late` is of a daily load's events, None else. `told` are the rejected records, as `outcomes.told_of_rejected` has
    them, with `line_number`. `replaced`: how many records of earlier days are rejected now, for one of these comes
    before them. `left_out`: what was there and not read, a text each.
    """

    kind: Kind
    files: Sequence[InputFile]
    snapshot: int
    added: int
    counts: LineCounts
    late: LateEvents | None
    told: DataFrame
    replaced: int
    left_out: tuple[str, ...]

    def rejected_records(self, spark: SparkSession) -> DataFrame:
        """The rejected records, as their table has them."""
        return outcomes.rejected_records(self.told, self.kind, name_files(spark, self.files))


def judge_and_write(work: Work, kind: Kind, files: Sequence[InputFile], buckets: int) -> WrittenKind:
    """Judge the lines of a kind's files, in one pass, and write what became of them."""
    spark, job, table = work.spark, work.job, kind.accepted
    before = work.base.of(kind) if work.base else None
    stage = begin_try(job, DATA_QUALITY, {table.name: before} if before else {})
    linked = link(files, work.links / kind.name)
    with inputs.read_whole(linked, work.listing, job.list_files):
        lines = read_lines(spark, linked, kind)
        known = _known(work, kind, lines.rows) if files else Known()
        judged = judge(lines.rows, kind, len(files), work.run_date, buckets, known)
        with tagged(spark, JUDGES):
            aside = stage.set_aside(judged.records, table, before)
        counts = judged.counts()
        told = _numbered(work, kind, counts, lines.rows, aside)
    is_daily = job.load == loads.DAILY
    may_be_empty = is_daily or kind.records != work.lake.contract.events
    line_counts.check(job.input_path, counts.total, line_counts.per_file(files, counts), may_be_empty)
    gone, replaced = _replaced(work, kind, known, aside)
    added = snapshot = stage.take(aside, table, before, gone)
    late = None
    if before:
        snapshot = stage.compact(spark, table)
    if before and kind.records == work.lake.contract.events:
        new = read_added(spark, work.lake.log, table, before, added)
        late = history.late_events(new, kind.records.time, work.run_date)
    left_out = (*lines.left_out, *_swallowed(kind, files, counts, told))
    return WrittenKind(kind, files, snapshot, added, counts, late, told, replaced, left_out)


def name_files(spark: SparkSession, files: Sequence[InputFile]) -> DataFrame:
    """One row a file: `file` (string), its name, and `file_id` (int), its place among the files."""
    columns = {"file": [file.name for file in files], "file_id": list(range(len(files)))}
    # From Arrow the rows lie in the plan; from Python's lists they would cost a job and a Python worker, seconds.
    types = pa.schema([("file", pa.string()), ("file_id", pa.int32())])
    return spark.createDataFrame(pa.table(columns, schema=types))


def _known(work: Work, kind: Kind, lines: DataFrame) -> Known:
    """Return what the base has, if there is one, of what some lines say; they are read for it."""
    if not work.base:
        return Known()
    classified = outcomes.classify(lines, kind, work.run_date)
    there = history.events_there(work.spark, work.base, kind, classified, work.keep)
    if not kind.records.conflicting:
        return Known(there)
    return Known(there, conflicts.known_of_owners(work.spark, work.base, kind, classified, work.keep))


def _replaced(work: Work, kind: Kind, known: Known, aside: int) -> tuple[DataFrame | None, int]:
    """Return the owners of records of the base that new ones come before, if there are any, and how many there are."""
    if not work.base or known.of_owners is None:
        return None, 0
    owners = conflicts.replaced(work.spark, work.base, kind, known.of_owners, aside, work.keep)
    count = owners.count()
    return (owners, count) if count else (None, 0)


def _swallowed(kind: Kind, files: Sequence[InputFile], counts: LineCounts, told: DataFrame) -> list[str]:
    """Say where quotes open that never close: what follows in their files is one record."""
    if not isinstance(kind.form, Csv) or not counts.rejected[MALFORMED]:
        return []
    rows = told.where(F.col("reason") == MALFORMED).select("file_id", "line_number", "length")
    found = rows.orderBy("file_id", "line_number").limit(_MOST_TOLD).collect()
    return [_swallowing(files[row.file_id].name, row.line_number, row.length, kind.form) for row in found]


def _swallowing(file: str, line: int | None, length: int, form: Csv) -> str:
    if length <= form.longest_record:
        return f"{file}: a quote opens on line {line} and never closes, so the rest of the file is one rejected record"
    place = f"on line {line}" if line else "on one line"
    return f"{file}: a rejected record that begins {place} has over {form.longest_record:,} bytes: is a quote open?"


def _numbered(work: Work, kind: Kind, counts: LineCounts, lines: DataFrame, aside: int) -> DataFrame:
    """Return what was told of rejected records, with the places in their files of those that cannot be parsed."""
    told = outcomes.told_of_rejected(read(work.spark, work.lake.log, kind.accepted, aside), kind)
    unparsed = sum(counts.rejected[reason] for reason in kind.rules.unparsed)
    if not 0 < unparsed <= MOST_NUMBERED:
        return told
    numbered = work.keep(number_lines(told.drop("line_number"), lines))
    # Worked out now: later nobody would notice that a file has changed since.
    numbered.count()
    return numbered
