"""The rules of records in CSV, derived from their contract: how a record becomes columns, reasons and warnings."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contract import Csv, Records
from spark_jobs.fields import Field
from spark_jobs.shared.csv_text import fields_of, has_quote, without_line_end
from spark_jobs.shared.csv_values import has, is_canonical, with_values, written
from spark_jobs.shared.rules import Rules, WrittenLine

MALFORMED = "malformed_csv"
Conditions = Mapping[str, Column]


def csv_rules(
    records: Records,
    form: Csv,
    more_faults: Callable[[], Conditions] = dict,
    warnings: Callable[[], Conditions] = dict,
) -> Rules:
    """Return the rules of one kind of records.

    `more_faults` gives conditions by `invalid_<field>`: a field is also invalid where its own one holds. A fault of a
    field is a reason: no record is taken in part.
    """
    return Rules(
        parse=lambda lines: parse_records(lines, records, form.longest_record, more_faults()),
        reasons=lambda run_date: reasons(records, run_date, more_faults()),
        warnings=warnings,
        written=WrittenLine(lambda: written_line(records), lambda: is_written_line(records)),
        has_line_numbers=True,
    )


def parse_records(lines: DataFrame, records: Records, longest: int, more_faults: Conditions) -> DataFrame:
    """Read each record's fields.

    Takes `line` (string: the record as it came, perhaps no valid UTF-8), `is_closed` (boolean), `columns` (struct) and
    other columns. Adds those of `with_values`, `is_read` (boolean: its quotes close, and it has at most `longest`
    bytes), `has_count` (boolean: as many values as its file has columns) and `has_fault` (boolean: there may be a
    reason to reject it). A longer record is cut.
    """
    is_short = F.octet_length("line") <= longest
    cut = F.when(is_short, F.col("line")).otherwise(F.left("line", F.lit(longest + 1)))
    read = lines.withColumns({"line": cut, "is_read": F.col("is_closed") & is_short})
    read = read.withColumn("record", F.when(F.col("is_read"), without_line_end(F.col("line"))))
    split = read.withColumn("values", fields_of(F.col("record"), F.col("columns.count")))
    counted = split.withColumn("has_count", F.coalesce(F.size("values") == F.col("columns.count"), F.lit(False)))
    valued = with_values(counted, records.fields)
    return valued.withColumn("has_fault", _has_fault(records, more_faults))


def reasons(records: Records, run_date: date, more_faults: Conditions) -> dict[str, Column]:
    """Return when a parsed record is rejected for each reason that it shows by itself; null is no."""
    required = [field for field in records.fields if field.required]
    conditions = {
        "invalid_encoding": _fault(~F.is_valid_utf8("line")),
        MALFORMED: _fault(~F.col("is_read")),
        "field_count": _fault(~F.col("has_count")),
        **{f"missing_{field.name}": _fault(~has(field)) for field in required},
        **{f"invalid_{field.name}": _fault(_is_invalid(field, more_faults)) for field in records.fields},
    }
    if records.plausible:
        time, since = F.col(records.time), F.lit(records.plausible.since)
        conditions["implausible_time"] = (time < since) | (time >= F.lit(records.plausible.before(run_date)))
    return {name: conditions[name] for name in records.own_reasons}


def written_line(records: Records) -> Column:
    """Return the line that the columns of an accepted record give, in the order of the contract."""
    return F.concat_ws(",", *(written(field) for field in records.fields))


def is_written_line(records: Records) -> Column:
    """Is it the line that an accepted record came in?"""
    count = len(records.fields)
    in_order = [F.get("columns.places", F.lit(place)) == place for place in range(count)]
    is_plain = ~has_quote(F.col("line")) & ~F.endswith("line", F.lit("\r"))
    claims = [F.col("columns.count") == count, *in_order, is_plain, *(is_canonical(field) for field in records.fields)]
    return F.coalesce(reduce(operator.and_, claims), F.lit(False))


def _has_fault(records: Records, more_faults: Conditions) -> Column:
    """Whether there may be a reason but an implausible time; never null."""
    lacks = [
        F.col(field.column).isNull() if field.required else _is_invalid(field, more_faults) for field in records.fields
    ]
    more = [F.coalesce(condition, F.lit(False)) for condition in more_faults.values()]
    return reduce(operator.or_, [~F.is_valid_utf8("line"), ~F.col("has_count"), *lacks, *more])


def _fault(claim: Column) -> Column:
    # Nearly every record has none: one look answers for all its fields.
    return F.col("has_fault") & claim


def _is_invalid(field: Field, more_faults: Conditions) -> Column:
    own = has(field) & F.col(field.column).isNull()
    also = more_faults.get(f"invalid_{field.name}")
    return own if also is None else own | F.coalesce(also, F.lit(False))
