"""The rules of records in JSON lines, derived from their contract: how a line becomes columns, reasons and warnings."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contract import UNNAMED_FIELD, UNNAMED_FIELDS, JsonLines, Records
from spark_jobs.fields import Field
from spark_jobs.shared import kept_lines
from spark_jobs.shared.json_lines import LINE_BYTES, read_objects
from spark_jobs.shared.json_values import has, is_valid, with_values
from spark_jobs.shared.masking import with_masking_key
from spark_jobs.shared.row_keys import SENSITIVE_KEY, with_keys
from spark_jobs.shared.rules import Rules, WrittenLine

Conditions = Mapping[str, Column]


def json_rules(records: Records, form: JsonLines, more_warnings: Callable[[], Conditions] = dict) -> Rules:
    """Return the rules of one kind of records; `more_warnings` gives the conditions of warnings that only it has.

    A warning that needs other records has no condition.
    """
    return Rules(
        parse=lambda lines: parse_lines(lines, records, form.longest_line),
        reasons=lambda run_date: reasons(records, run_date),
        warnings=lambda: {**own_warnings(records), **more_warnings()},
        written=WrittenLine(lambda: kept_lines.written_line(records), lambda: kept_lines.is_written_line(records)),
        kept=lambda: kept_lines.kept(records),
        unparsed=("invalid_encoding", "invalid_json"),
        within_load=SENSITIVE_KEY,
    )


def parse_lines(lines: DataFrame, records: Records, longest_line: int) -> DataFrame:
    """Read each line as a record.

    Takes `line` (string, perhaps no valid UTF-8) and other columns. Adds the columns of the contract: null where the
    record lacks the field or it is invalid, a sensitive one masked. For each of them it adds `has_<column>` (boolean:
    there is something, valid or not), and for all of them `has_fault` (boolean: one lacks that must be there, or is
    invalid). Beside these come the columns of `with_keys` and `read_objects`, LINE_BYTES (int), and the masking key.
    A line of more than `longest_line` bytes is cut.
    """
    # Each step has a copy of a line: what is too long to be a record is cut before, to a little more than it may be.
    cut = F.when(F.octet_length("line") > longest_line, F.left("line", F.lit(longest_line + 1))).otherwise(
        F.col("line")
    )
    lines = lines.withColumns({"line": cut, LINE_BYTES: F.octet_length("line")})
    valued = with_values(read_objects(lines, records.fields, longest_line), records.fields)
    named = valued.withColumn(UNNAMED_FIELDS, F.col("unnamed"))
    return with_keys(with_masking_key(named), records.fields).withColumn("has_fault", _has_fault(records))


def reasons(records: Records, run_date: date) -> dict[str, Column]:
    """Return when a parsed line is rejected for each reason but `duplicate`; null is no."""
    conditions = {
        # A line in the usual form has been looked at.
        "invalid_encoding": F.col("usual").isNull() & ~F.is_valid_utf8("line"),
        "invalid_json": ~F.col("is_object"),
        **{f"missing_{field.name}": _fault(~has(field), _is_required(records, field)) for field in records.fields},
        **{
            f"invalid_{field.name}": _fault(_is_invalid(field), _is_required(records, field))
            for field in records.fields
        },
    }
    if records.plausible:
        time, since = F.col(records.time), F.lit(records.plausible.since)
        conditions["implausible_time"] = (time < since) | (time >= F.lit(records.plausible.before(run_date)))
    return {name: conditions[name] for name in records.reason_names if name in conditions}


def own_warnings(records: Records) -> dict[str, Column]:
    """Return when a record is counted for each warning that it shows by itself; never null."""
    optional = [field for field in records.fields if field.required is not True]
    conditions = {
        f"invalid_{field.name}": _fault(_is_invalid(field), ~_is_required(records, field)) for field in optional
    }
    return {**conditions, UNNAMED_FIELD: F.col("unnamed").isNotNull()}


def _has_fault(records: Records) -> Column:
    """Whether any field is missing where it must not be, or invalid; never null."""
    faults = [
        ~is_valid(field) if field.required is True else ~is_valid(field) & (has(field) | _is_required(records, field))
        for field in records.fields
    ]
    return reduce(operator.or_, faults)


def _fault(*claims: Column) -> Column:
    # Nearly every record has none: one look answers for all its fields.
    return reduce(operator.and_, claims, F.col("has_fault"))


def _is_required(records: Records, field: Field) -> Column:
    """Whether a record must have a field: always, never, or by its type. Never null."""
    if isinstance(field.required, bool):
        return F.lit(field.required)
    return F.coalesce(F.col(records.type_field).isin(*field.required), F.lit(False))


def _is_invalid(field: Field) -> Column:
    return has(field) & ~is_valid(field)
