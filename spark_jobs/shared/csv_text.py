"""CSV as Spark's expressions read it, by the regular expressions of csv_patterns.py."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.shared.csv_patterns import FIELD, QUOTED, RECORD

_PARTS_OF_FIELD = f",({QUOTED})([^,]*+)"


def is_record(line: Column) -> Column:
    """Return whether a line is one record: it ends outside of quotes, and has no CR outside of them but the last."""
    has_no_other_cr = ~F.contains(line, F.lit("\r")) | (F.instr(line, "\r") == F.char_length(line))
    # Nearly every line is plain, and has no need of the regular expression.
    return (~has_quote(line) & has_no_other_cr) | line.rlike(rf"\A{RECORD}\z")


def has_quote(text: Column) -> Column:
    """Return whether there is a quote."""
    return F.contains(text, F.lit('"'))


def without_line_end(record: Column) -> Column:
    """Return a record without the CR of its line's end."""
    return F.when(F.endswith(record, F.lit("\r")), F.left(record, F.length(record) - 1)).otherwise(record)


def fields_of(record: Column, count: Column) -> Column:
    """Return the values of a record without its line's end, as an array of texts.

    Of a record that has not `count` of them, it is null or of another size.
    """
    # One field too many is enough to know: a line of nothing but commas would be as many texts, gigabytes of them.
    return F.when(~has_quote(record), F.split(record, ",", count + 1)).otherwise(_of_quoted(record, count))


def _of_quoted(record: Column, count: Column) -> Column:
    # Each field begins with a comma.
    text = F.concat(F.lit(","), record)
    has_count = F.regexp_like(text, F.concat(F.lit(rf"\A(?:,{FIELD}){{"), count.cast("string"), F.lit(r"}\z")))
    quoted, behind = (F.regexp_extract_all(text, F.lit(_PARTS_OF_FIELD), F.lit(group)) for group in (1, 2))
    return F.when(has_count, F.zip_with(quoted, behind, _value))


def _value(quoted: Column, behind: Column) -> Column:
    inside = F.substring(quoted, F.lit(2), F.length(quoted) - 2)
    unquoted = F.concat(F.replace(inside, F.lit('""'), F.lit('"')), behind)
    return F.when(quoted == "", behind).otherwise(unquoted)
