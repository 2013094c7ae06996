"""A line of JSON as the fields of a contract, to the letter of RFC 8259.

Spark's own readers are kinder: they take text after an object, the last of two equal names, single quotes, and `"2"` or
`true` for a number. So the fast `from_json` reads a line in the usual form, and its length proves the reading. The
values that were read, written without a space, are as long as the line: so the line holds them alone. Any other line is
read exactly, which costs three times as much.
"""

from __future__ import annotations

import secrets

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from spark_jobs.fields import Choice, Field, Integer, IpAddress, Items, Money, Time, Type, Uuid

# No line knows it: where it is read behind a line's value, nothing of the line was left.
_END = secrets.token_hex(16)
_UNREAD = "_unread"
STRICT = {
    "mode": "PERMISSIVE",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "columnNameOfCorruptRecord": _UNREAD,
}
_MARK = "\ufeff"
# In the exact form each text begins with the first and each number, as it is written, with the second.
TEXT, NUMBER = "s", "n"
# The column with the length of a line before it was cut.
LINE_BYTES = "line_bytes"
_HALF_A_PAIR = r"(?i)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}"


def read_objects(lines: DataFrame, fields: tuple[Field, ...], longest_line: int) -> DataFrame:
    """Read the object of each line.

    Takes `line` (string, perhaps no valid UTF-8) and other columns. Adds `record` (string: the line without its CR and
    a byte-order mark before it), `is_object` (boolean: it is one JSON object, at most `longest_line` bytes long, in
    which no name is twice), `usual` (struct of the fields, strings and longs, null unless the line is in the usual
    form), `exact` (struct of the fields as `marked` texts, null if it is) and `unnamed` (array of strings: the names
    that the contract lacks, null if there are none).
    """
    without_cr = F.when(F.endswith("line", F.lit("\r")), F.left("line", F.length("line") - 1)).otherwise(F.col("line"))
    # Spark tells no line's number, so a mark before any line is skipped, such as those of files that were joined.
    record = F.when(F.startswith(without_cr, F.lit(_MARK)), F.substring(without_cr, 2, 2**31 - 1)).otherwise(without_cr)
    is_short = F.octet_length("record") <= longest_line
    schema = _usual_schema(fields)
    usual = F.from_json("record", schema, STRICT) if _has_usual_form(fields) else F.lit(None).cast(schema)
    read = lines.withColumn("record", record).withColumn("usual", F.when(is_short, usual))
    is_usual = _is_usual(fields) if _has_usual_form(fields) else F.lit(False)
    judged = read.withColumn("is_usual", F.coalesce(is_usual, F.lit(False)))
    exact = F.struct(
        _is_object(F.col("record")).alias("is_object"),
        F.from_json(marked(F.col("record")), marked_schema(fields), STRICT).alias("fields"),
        F.array_except(F.json_object_keys("record"), _names(fields)).alias("unnamed"),
    )
    found = judged.withColumn("found", F.when(is_short & ~F.col("is_usual"), exact))
    return found.withColumns(
        {
            "is_object": F.col("is_usual") | F.coalesce("found.is_object", F.lit(False)),
            "usual": F.when(F.col("is_usual"), F.col("usual")),
            "exact": F.col("found.fields"),
            "unnamed": F.when(F.size("found.unnamed") > 0, F.col("found.unnamed")),
        }
    ).drop("found", "is_usual")


def marked(json: Column) -> Column:
    """Return a JSON text in which each text and name begins with `TEXT`, and each number is a text behind `NUMBER`.

    Its readers keep no number as it is written, and no word on what was one.
    """

    def mark(part: Column, place: Column) -> Column:
        outside = F.regexp_replace(part, "-?[0-9][0-9.eE+-]*", f'"{NUMBER}$0"')
        return F.when(place % 2 == 1, F.concat(F.lit(TEXT), part)).otherwise(outside)

    return F.array_join(F.transform(_by_quotes(json), mark), '"')


def unmarked(json: Column) -> Column:
    """Return the JSON text of which `marked` made a text."""

    def unmark(part: Column, place: Column) -> Column:
        content = F.substring(part, 2, 2**31 - 1)
        in_quotes = F.when(F.startswith(part, F.lit(TEXT)), F.concat(F.lit('"'), content, F.lit('"'))).otherwise(
            content
        )
        return F.when(place % 2 == 1, in_quotes).otherwise(part)

    return F.array_join(F.transform(_by_quotes(json), unmark), "")


def marked_schema(fields: tuple[Field, ...]) -> T.StructType:
    """Return what `from_json` reads from a `marked` object: every field as a text, by its marked name."""
    return T.StructType([T.StructField(TEXT + field.name, T.StringType()) for field in fields])


def text_of(value: Column) -> Column:
    """Return the text of a marked value, null if it is no text."""
    return F.when(F.startswith(value, F.lit(TEXT)), F.substring(value, 2, 2**31 - 1))


def number_of(value: Column) -> Column:
    """Return the number of a marked value as it is written, null if it is no number."""
    return F.when(F.startswith(value, F.lit(NUMBER)), F.substring(value, 2, 2**31 - 1))


def quoted(text: Column) -> Column:
    """Return a text as a JSON text, in its quotes."""
    in_array = F.to_json(F.array(text))
    return F.substring(in_array, F.lit(2), F.length(in_array) - 2)


def _by_quotes(json: Column) -> Column:
    """Split a JSON text at the quotes of its texts: every second part, counted from 0, is inside of them."""
    without_escaped = F.replace(F.replace(json, F.lit("\\\\"), F.lit("\\u005c")), F.lit('\\"'), F.lit("\\u0022"))
    return F.split(without_escaped, '"')


def _is_object(record: Column) -> Column:
    """Is it one JSON object, no name twice in it at any depth, no half of a surrogate pair, and nothing after it?"""
    whole = F.try_parse_json(F.concat(F.lit("["), record, F.lit(f',"{_END}"]')))
    ends = F.try_variant_get(whole, "$[1]", "string") == _END
    without_backslashes = F.replace(record, F.lit("\\\\"), F.lit(""))
    return ends & record.rlike(r"\A[ \t\r\n]*\{") & ~without_backslashes.rlike(_HALF_A_PAIR)


def _names(fields: tuple[Field, ...]) -> Column:
    return F.array(*(F.lit(field.name) for field in fields))


def _has_usual_form(fields: tuple[Field, ...]) -> bool:
    """Whether each value's length in the line can be told from what `from_json` reads of it."""
    return not any(isinstance(field.type, Money | Items) for field in fields)


def _usual_schema(fields: tuple[Field, ...]) -> T.StructType:
    types = {field.name: T.LongType() if isinstance(field.type, Integer) else T.StringType() for field in fields}
    columns = [T.StructField(name, found) for name, found in types.items()]
    return T.StructType([*columns, T.StructField(_UNREAD, T.StringType())])


def _is_usual(fields: tuple[Field, ...]) -> Column:
    """Is the line no longer than what was read of it, in valid UTF-8? Null stands for no."""
    # A brace; then each name in quotes, a colon, the value, and a comma or the last brace. Whatever else there is (a
    # space, an escape, a null, a further name, text after the object) makes the line longer.
    length, are_texts = F.lit(1), F.lit(True)
    for field in fields:
        value = F.col("usual")[field.name]
        if isinstance(field.type, Integer):
            length += F.coalesce(F.octet_length(value.cast("string")) + (len(field.name.encode()) + 4), F.lit(0))
        else:
            length += F.coalesce(F.octet_length(value) + (len(field.name.encode()) + 6), F.lit(0))
            are_texts &= F.coalesce(_is_surely_text(field.type, value), F.lit(True))
    is_whole = F.col("usual")[_UNREAD].isNull() & (F.octet_length("record") == length)
    return is_whole & are_texts & F.is_valid_utf8("line")


def _is_surely_text(found: Type, value: Column) -> Column:
    """Was the value in quotes? `from_json` reads numbers, words, objects and arrays as texts, too. False: unknown."""
    is_nested = F.startswith(value, F.lit("{")) | F.startswith(value, F.lit("["))
    match found:
        case Choice(values=values):
            return value.isin(*values)
        case Uuid():
            return (F.substring(value, 9, 1) == "-") & (F.substring(value, 14, 1) == "-") & ~is_nested
        case Time():
            return (F.substring(value, 11, 1) == "T") & ~is_nested
        case IpAddress():
            has_two_points = F.substring_index(value, ".", 2) != value
            return (has_two_points | F.contains(value, F.lit(":"))) & ~is_nested
    begins_as_number = F.startswith(value, F.lit("-")) | F.substring(value, 1, 1).between("0", "9")
    return ~(is_nested | begins_as_number | value.isin("true", "false"))
