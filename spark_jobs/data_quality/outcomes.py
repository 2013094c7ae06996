"""What becomes of every record: it is judged once, and is accepted or rejected."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.contract import DUPLICATE, ROW_KEY, Records
from spark_jobs.data_quality.count_by_value import count_by_value, countable, read_counts
from spark_jobs.data_quality.duplicates import SHARES_KEY
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.data_quality.line_numbers import line_hash
from spark_jobs.data_quality.rules import rejection_reason, warning_bits
from spark_jobs.shared.log_tables import DUPLICATES, REJECTED_RECORDS
from spark_jobs.shared.schemas import conform

ACCEPTED = "accepted"
# Of a line of which no text is kept, `line_hash` finds the place in its file.
_KEPT = "line string, length int, hmac string, line_hash long"
# What a row of the table that is written first tells of a rejected record; of a duplicate also whose it is.
_TOLD = f"{_KEPT}, file_id int, part_start long, line_number long, reason string, owner string, row_key long"


def classify(lines: DataFrame, kind: Kind, run_date: date) -> DataFrame:
    """Accept each line as a record, or reject it with its `reason`.

    Takes `line` (string), `file_id` (int) and `part_start` (long). Returns the columns of accepted records, `warnings`
    (a bit for each), `line`, `file_id`, `part_start` and `reason`. For an accepted record `line` is null if its columns
    give the line back to the byte: most do, and the shuffle is spared their text. A rejected line has what is kept of
    it in the owner's column, which spreads rejected lines over the buckets, and nulls in the other columns.
    """
    records, rules, owner = kind.records, kind.rules, kind.owner
    reason, bits = rejection_reason(records, rules.reasons(run_date)), warning_bits(records, rules.warnings())
    parsed = rules.parse(lines).withColumns({"reason": reason, "warnings": bits})
    is_accepted = F.col("reason").isNull()
    carries_line = is_accepted & ~rules.written.is_the_line() if rules.written else is_accepted
    columns = {name: F.when(is_accepted, F.col(name)) for name in kind.accepted.schema.fieldNames()}
    columns[owner] = columns[owner].otherwise(_kept(rules.kept()) if rules.kept else F.col("line"))
    line = rules.kept()["line"] if rules.kept else F.col("line")
    return parsed.select(
        *(value.alias(name) for name, value in columns.items()),
        *([rules.within_load] if rules.within_load else []),
        *(["line_number"] if rules.has_line_numbers else []),
        "warnings",
        F.when(carries_line, line).alias("line"),
        "file_id",
        "part_start",
        "reason",
    )


def _kept(kept: Mapping[str, Column]) -> Column:
    """Return as text what is kept of a rejected line."""
    hashed = F.when(kept["line"].isNull(), line_hash())
    return F.to_json(F.struct(*(value.alias(name) for name, value in kept.items()), hashed.alias("line_hash")))


def number_outcomes(judged: DataFrame, records: Records) -> DataFrame:
    """Add what `outcome_counts` counts by: `outcome_number` (long) and `file_number` (int)."""
    names = _outcomes(records)
    of_reason = (F.when(F.col("reason") == name, names.index(name)) for name in records.reason_names)
    number = F.coalesce(*of_reason, F.lit(0))
    return judged.withColumns(
        {
            "outcome_number": countable((number * 2 ** _bits(records) + F.col("warnings")).cast("long")),
            "file_number": countable(F.col("file_id") * 2 + F.col("reason").isNull().cast("int")),
        }
    )


def outcome_counts(records: Records, files: int) -> list[Column]:
    """Aggregates over the outcome of every record, for `read_outcome_counts`: outcomes, files and times.

    Over columns as they stand, for what an observation aggregates is interpreted row by row.
    """
    return [
        count_by_value(F.col("outcome_number"), len(_outcomes(records)) * 2 ** _bits(records)).alias("outcomes"),
        count_by_value(F.col("file_number"), 2 * files).alias("files"),
        # As text: a collected timestamp would come back in the driver's own time zone.
        _iso_8601(F.min(records.time)).alias("first_event_at"),
        _iso_8601(F.max(records.time)).alias("last_event_at"),
    ]


def read_outcome_counts(records: Records, observed: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """How many records were accepted or rejected for each reason, and how many count for each warning.

    A warning may have the name of a reason: a field that only some types require.
    """
    names, bits = _outcomes(records), _bits(records)
    warned = (ACCEPTED, DUPLICATE) if records.duplicates_warned else (ACCEPTED,)
    counts, warnings = dict.fromkeys(names, 0), dict.fromkeys(records.own_warnings, 0)
    for value, lines in read_counts(observed["outcomes"]).items():
        outcome = names[value >> bits]
        counts[outcome] += lines
        for bit, warning in enumerate(records.own_warnings):
            warnings[warning] += lines if outcome in warned and value >> bit & 1 else 0
    return counts, warnings


def read_file_counts(observed: dict[str, Any]) -> tuple[Counter[int], Counter[int]]:
    """How many records of each file were accepted, and how many rejected, by file id."""
    accepted: Counter[int] = Counter()
    rejected: Counter[int] = Counter()
    for value, lines in read_counts(observed["files"]).items():
        (accepted if value & 1 else rejected)[value >> 1] += lines
    return accepted, rejected


def to_write(judged: DataFrame, kind: Kind) -> DataFrame:
    """Select the columns of accepted records; a rejected one has nulls there, but for a text that tells all of it.

    So one write takes both: keeping the judged records, to write them twice, took a sixth more CPU.
    Without an owner, a rejected record lies in other files than accepted ones.
    """
    is_accepted = F.col("reason").isNull()
    columns = {name: F.when(is_accepted, F.col(name)) for name in kind.accepted.schema.fieldNames()}
    if kind.rules.within_load:
        # A key of its own, from which nobody can guess what the first one leaves out.
        own_key = F.xxhash64(ROW_KEY, kind.rules.within_load, F.lit(secrets.randbits(62)))
        columns[ROW_KEY] = F.when(is_accepted, F.when(F.col(SHARES_KEY), own_key).otherwise(F.col(ROW_KEY)))
    columns[_told_in(kind)] = columns[_told_in(kind)].otherwise(_told(kind))
    return judged.select(*(value.alias(name) for name, value in columns.items()))


def told_of_rejected(written: DataFrame, kind: Kind) -> DataFrame:
    """Select what the rows that `to_write` made tell of rejected records, with the columns of _TOLD.

    `line_number` is null where the rules' lines come without.
    """
    told = F.from_json(_told_in(kind), _TOLD)
    rejected = written.where(F.col(kind.owner).isNull()).select(told.alias("told")).select("told.*")
    return rejected.withColumn("line", F.unbase64("line"))


def rejected_records(told: DataFrame, kind: Kind, files: DataFrame) -> DataFrame:
    """Give each record of `told_of_rejected` its file; it has `line_number` (long) too.

    `files` has one row a file of the input: `file` (string) and `file_id` (int).
    """
    # Left, so that no line is lost; the key is unique on the right: one row a file.
    named = told.withColumn("kind", F.lit(kind.name)).join(F.broadcast(files), on="file_id", how="left")
    return conform(named, REJECTED_RECORDS.schema)


def duplicates(told: DataFrame, kind: Kind) -> DataFrame:
    """Return how many duplicates there are of each record, as DUPLICATES has them."""
    again = told.where(F.col("reason") == DUPLICATE).groupBy("owner", "row_key").agg(F.count(F.lit(1)).alias("records"))
    return conform(again.withColumn("kind", F.lit(kind.name)), DUPLICATES.schema)


def _told(kind: Kind) -> Column:
    """Return the text that tells of a rejected record."""
    written, is_duplicate = kind.rules.written, F.col("reason").isin(DUPLICATE, kind.records.conflicting)
    of_duplicate = F.coalesce("line", written.line()) if written else F.col("line")
    if kind.rules.kept:
        kept = F.from_json(kind.owner, _KEPT)
        line = F.when(is_duplicate, of_duplicate).otherwise(kept["line"])
        length = F.coalesce(F.when(~is_duplicate, kept["length"]), F.octet_length(line))
        more = [F.when(~is_duplicate, kept[name]).alias(name) for name in ("hmac", "line_hash")]
    else:
        line, more = F.when(is_duplicate, of_duplicate).otherwise(F.col(kind.owner)), []
        length = F.octet_length(line)
    if kind.records.has_row_key:
        who = {"owner": F.col(kind.owner), ROW_KEY: F.col(ROW_KEY)}
        more += [F.when(is_duplicate, value).alias(name) for name, value in who.items()]
    if kind.rules.has_line_numbers:
        more += [F.col("line_number")]
    in_base64 = F.base64(line.cast("binary")).alias("line")
    return F.to_json(F.struct(in_base64, length.alias("length"), "file_id", "part_start", "reason", *more))


def _told_in(kind: Kind) -> str:
    """Return the column whose text tells of a rejected record: the first that is a text, but for the owner's."""
    columns = kind.accepted.schema.fields
    return next(column.name for column in columns if column.name != kind.owner and column.dataType == T.StringType())


def _outcomes(records: Records) -> tuple[str, ...]:
    """Return what a record can become: its number is its place here."""
    return (ACCEPTED, *records.reason_names)


def _bits(records: Records) -> int:
    """Return how many bits the warnings that a record shows by itself take."""
    return len(records.own_warnings)


def _iso_8601(instant: Column) -> Column:
    # An offset may bring a time of year 1 or 9999 into one that Python lacks.
    first, last = (F.lit(text).cast("timestamp") for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"))
    known = F.when(instant < first, first).when(instant > last, last).otherwise(instant)
    return F.date_format(known, "yyyy-MM-dd'T'HH:mm:ss'Z'")
