"""The one pass over the lines of an input: each is judged, and counted on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from spark_jobs.data_quality import outcomes
from spark_jobs.data_quality.conflicts import reject_conflicting
from spark_jobs.data_quality.count_by_value import count_by_value, countable, read_counts
from spark_jobs.data_quality.duplicates import reject_duplicates, reject_known, sort_into_buckets
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.data_quality.line_counts import LineCounts
from spark_jobs.lake.tries import number_buckets
from spark_jobs.shared.linked_files import file_number


@dataclass(frozen=True)
class Known:
    """What the log to add to has already: of the new `records` those, by the columns `same`; and all of their owners.

    Both are small. `of_owners` are of a kind whose owners have one record each.
    """

    records: DataFrame | None = None
    of_owners: DataFrame | None = None


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class Judged:
    """The `records` as they are written, one task a bucket, and what is observed when they are worked out."""

    kind: Kind
    records: DataFrame
    read: Observation
    accepted_in_input: Observation | None
    outcomes: Observation

    def counts(self) -> LineCounts:
        """Return what was counted, once the records have been worked out."""
        records, observed = self.kind.records, self.outcomes.get
        read_of = read_counts(self.read.get["files"])
        accepted_of, rejected_of = outcomes.read_file_counts(observed)
        found, warnings = outcomes.read_outcome_counts(records, observed)
        accepted = found[outcomes.ACCEPTED]
        once = accepted + found.get(records.conflicting, 0)
        in_input = self.accepted_in_input.get["records"] if self.accepted_in_input else once
        return LineCounts(
            read=read_of.total(),
            accepted=accepted,
            known=in_input - once,
            rejected={reason: found[reason] for reason in records.reason_names},
            warnings=warnings,
            first=_moment(observed["first_event_at"]),
            last=_moment(observed["last_event_at"]),
            read_of=read_of,
            accepted_of=accepted_of,
            rejected_of=rejected_of,
        )


def lines_to_read(lines: DataFrame) -> DataFrame:
    """The lines that `LinkedFiles.read_lines` returns: `line` (string), `file_id` (int) and `part_start` (long)."""
    return lines.select(
        F.col("value").alias("line"),
        file_number().alias("file_id"),
        F.col("_metadata.file_block_start").alias("part_start"),
    )


def judge(
    lines: DataFrame, kind: Kind, files: int, run_date: date, buckets: int, known: Known = NOTHING_KNOWN
) -> Judged:
    """Judge the lines of so many files; their records lie in the buckets of the table.

    `known` is what the log to add to has already.
    """
    read, found, in_input = Observation("read"), Observation("outcomes"), None
    numbered = number_buckets(outcomes.classify(lines, kind, run_date), kind.accepted, buckets)
    # Right before the shuffle: Spark makes each row anew for what observes it, and for what is between two that do so.
    in_input_order = numbered.observe(read, count_by_value(countable(F.col("file_id")), files).alias("files"))

    in_order = sort_into_buckets(in_input_order, kind, buckets)
    each_once = reject_duplicates(in_order, kind)
    if known.records is not None:
        in_input = Observation("accepted_in_input")
        counted = each_once.observe(in_input, F.count_if(F.col("reason").isNull()).alias("records"))
        each_once = reject_known(counted, known.records, kind.records)
    if kind.records.conflicting:
        each_once = reject_conflicting(each_once, kind, known.of_owners)
    numbered = outcomes.number_outcomes(each_once, kind.records)
    counted = numbered.observe(found, *outcomes.outcome_counts(kind.records, files))
    return Judged(kind, outcomes.to_write(counted, kind), read, in_input, found)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
