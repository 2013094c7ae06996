"""What is kept of a line that is rejected: its record as JSON, its sensitive values masked."""

from __future__ import annotations

import operator
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.contract import Records
from spark_jobs.fields import Field, Time, Url
from spark_jobs.shared.json_lines import LINE_BYTES, STRICT, TEXT, marked, number_of, quoted, text_of, unmarked
from spark_jobs.shared.json_values import has, is_valid, text_in_line
from spark_jobs.shared.masking import hmac_of, mask, normal


def kept(records: Records) -> dict[str, Column]:
    """Return what is kept of a parsed line: `line` (string), `length` (int, bytes) and `hmac` (string).

    `line` is null where the line is no object, the other two where it is. `hmac` needs a masking key; of a line that is
    cut it is that of the beginning.
    """
    is_cut = F.octet_length("line") < F.col(LINE_BYTES)
    is_object = F.col("is_object") & F.is_valid_utf8("line")
    sensitive = [field for field in records.fields if field.sensitive]
    has_sensitive = reduce(operator.or_, (has(field) for field in sensitive), F.lit(False))
    record = F.when(has_sensitive, _masked([field.name for field in sensitive])).otherwise(F.col("record"))
    return {
        "line": F.when(is_object, record),
        "length": F.when(~is_object, F.when(is_cut, F.col(LINE_BYTES)).otherwise(F.octet_length("record"))),
        "hmac": F.when(~is_object, hmac_of(F.col("record").cast("binary"))),
    }


def written_line(records: Records) -> Column:
    """Return the JSON that the columns of an accepted record give: a null is left out."""
    return F.to_json(F.struct(*(_written(field).alias(field.name) for field in records.fields)))


def is_written_line(records: Records) -> Column:
    """Do the columns of an accepted record tell all that its line says?"""
    # Not where a field is unnamed or invalid, or was cut.
    claims = [
        F.col("unnamed").isNull(),
        *(~has(field) | is_valid(field) for field in records.fields if field.required is not True),
    ]
    uncut = [
        F.octet_length(text_in_line(field)) == F.octet_length(field.column)
        for field in records.fields
        if isinstance(field.type, Url)
    ]
    return reduce(operator.and_, (*claims, *(F.coalesce(one, F.lit(True)) for one in uncut)))


def _written(field: Field) -> Column:
    # Spark's JSON would cut the microseconds.
    if isinstance(field.type, Time):
        return F.date_format(field.column, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    return F.col(field.column)


def _masked(names: list[str]) -> Column:
    """Return the record with the values of these names masked, whatever they are; null without a key."""

    def member(entry: Column) -> Column:
        name, value = F.substring(entry["key"], 2, 2**31 - 1), entry["value"]
        hidden = mask(normal(F.coalesce(text_of(value), _as_json(value))))
        masked = F.when(value.isNotNull(), F.coalesce(quoted(hidden), F.lit("null"))).otherwise(F.lit("null"))
        return F.concat(quoted(name), F.lit(":"), F.when(name.isin(*names), masked).otherwise(_as_json(value)))

    members = F.map_entries(F.from_json(marked(F.col("record")), "map<string,string>", STRICT))
    return F.concat(F.lit("{"), F.array_join(F.transform(members, member), ","), F.lit("}"))


def _as_json(value: Column) -> Column:
    """Return the JSON text of a marked value."""
    is_nested = F.startswith(value, F.lit("{")) | F.startswith(value, F.lit("["))
    in_quotes = quoted(text_of(value))
    return F.coalesce(
        F.when(F.startswith(value, F.lit(TEXT)), in_quotes),
        number_of(value),
        F.when(is_nested, unmarked(value)),
        value,
        F.lit("null"),
    )
