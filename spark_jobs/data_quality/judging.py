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
from spark_jobs.lake.listening import LISTENS
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.linked_files import file_number


@dataclass(frozen=True)
class Judged:
    """The `lines` with what became of each, one task a bucket, and what is observed when they are worked out."""

    lines: DataFrame
    read: Observation
    kept_in_input: Observation | None
    outcomes: Observation

    def counts(self) -> dict[str, Any]:
        """What was counted, once the lines have been worked out."""
        lines_of_files = read_counts(self.read.get["files"])
        kept_of_files, rejected_of_files = outcomes.read_file_counts(self.outcomes.get)
        found = outcomes.read_outcome_counts(self.outcomes.get)
        kept_in_input = self.kept_in_input.get["listens"] if self.kept_in_input else found[outcomes.KEPT]
        return {
            "lines_read": lines_of_files.total(),
            **found,
            "known_listens": kept_in_input - found[outcomes.KEPT],
            "first_listened_at": self.outcomes.get["first_listened_at"],
            "last_listened_at": self.outcomes.get["last_listened_at"],
            "of_files": {
                "lines_read": lines_of_files,
                "listens_kept": kept_of_files,
                "lines_rejected": rejected_of_files,
            },
        }


def lines_to_read(lines: DataFrame) -> DataFrame:
    """The lines that `LinkedFiles.read_lines` returns: `line` (string), `file_id` (int) and `part_start` (long)."""
    return lines.select(
        F.col("value").alias("line"),
        file_number().alias("file_id"),
        F.col("_metadata.file_block_start").alias("part_start"),
    )


def judge(lines: DataFrame, files: int, run_date: date, buckets: int, known: DataFrame | None = None) -> Judged:
    """Judge the lines of so many files; their listens lie in the buckets of the table.

    `known` are the listens, by the columns `same`, that the log to add to has already.
    """
    read, found = Observation("read"), Observation("outcomes")
    # Where the rows are made for the shuffle, not right behind the reader, where Spark would make them once more.
    classified = outcomes.classify_lines(lines, run_date).observe(
        read, count_by_value(F.col("file_id"), files).alias("files")
    )

    records = LISTENING.events
    in_order = sort_into_buckets(classified, records, LISTENS, buckets)
    each_once = reject_duplicates(in_order, records, LISTENING.user)
    in_input = None
    if known is not None:
        in_input = Observation("kept_in_input")
        counted = each_once.observe(in_input, F.count_if(F.col("reason").isNull()).alias("listens"))
        each_once = reject_known(counted, known, records)
    numbered = outcomes.number_outcomes(each_once)
    counted = numbered.observe(found, *outcomes.outcome_counts(files))
    return Judged(counted.drop(*outcomes.COUNTED_BY), read, in_input, found)
