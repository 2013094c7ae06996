"""The one pass over the lines of an input: each is judged, and counted on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from spark_jobs.data_quality import outcomes
from spark_jobs.data_quality.count_by_value import count_by_value, read_counts
from spark_jobs.data_quality.duplicates import reject_duplicates, reject_known, sort_into_buckets
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.shared.linked_files import file_number


@dataclass(frozen=True)
class Judged:
    """The `records` with what became of each, one task a bucket, and what is observed when they are worked out."""

    kind: Kind
    records: DataFrame
    read: Observation
    accepted_in_input: Observation | None
    outcomes: Observation

    def counts(self) -> dict[str, Any]:
        """Return what was counted, once the records have been worked out."""
        read_of_files = read_counts(self.read.get["files"])
        accepted_of_files, rejected_of_files = outcomes.read_file_counts(self.outcomes.get)
        found = outcomes.read_outcome_counts(self.kind.records, self.outcomes.get)
        accepted = found[outcomes.ACCEPTED]
        in_input = self.accepted_in_input.get["records"] if self.accepted_in_input else accepted
        return {
            "records_read": read_of_files.total(),
            **found,
            "known_events": in_input - accepted,
            "first_event_at": self.outcomes.get["first_event_at"],
            "last_event_at": self.outcomes.get["last_event_at"],
            "of_files": {
                "records_read": read_of_files,
                "events_accepted": accepted_of_files,
                "records_rejected": rejected_of_files,
            },
        }


def lines_to_read(lines: DataFrame) -> DataFrame:
    """The lines that `LinkedFiles.read_lines` returns: `line` (string), `file_id` (int) and `part_start` (long)."""
    return lines.select(
        F.col("value").alias("line"),
        file_number().alias("file_id"),
        F.col("_metadata.file_block_start").alias("part_start"),
    )


def judge(
    lines: DataFrame, kind: Kind, files: int, run_date: date, buckets: int, known: DataFrame | None = None
) -> Judged:
    """Judge the lines of so many files; their records lie in the buckets of the table.

    `known` are the records, by the columns `same`, that the log to add to has already.
    """
    read, found, in_input = Observation("read"), Observation("outcomes"), None
    # Where the rows are made for the shuffle, not right behind the reader, where Spark would make them once more.
    classified = outcomes.classify(lines, kind, run_date).observe(
        read, count_by_value(F.col("file_id"), files).alias("files")
    )

    in_order = sort_into_buckets(classified, kind.records, kind.accepted, buckets)
    each_once = reject_duplicates(in_order, kind.records, kind.user)
    if known is not None:
        in_input = Observation("accepted_in_input")
        counted = each_once.observe(in_input, F.count_if(F.col("reason").isNull()).alias("records"))
        each_once = reject_known(counted, known, kind.records)
    numbered = outcomes.number_outcomes(each_once, kind.records)
    counted = numbered.observe(found, *outcomes.outcome_counts(kind.records, files))
    return Judged(kind, counted.drop(*outcomes.COUNTED_BY), read, in_input, found)
