"""What a raw line of the log says, before anyone judges it."""

from __future__ import annotations

import operator
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.logs.listening.contract import LISTENS
from spark_jobs.shared.field_types import is_uuid

FIELDS = tuple(field.name for field in LISTENS.fields)
IDS = ("artist_id", "track_id")

# `\z`, not `$`: Java's `$` also matches before a line end, and a lone CR is a character of a name here.
_ISO_8601 = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})\z"
# How nearly every log writes a time, `2009-05-04T23:08:57Z`: what stands between the digits, by byte counted from 1.
_UTC_BYTES, _UTC_SEPARATORS = 20, {5: b"-", 8: b"-", 11: b"T", 14: b":", 17: b":", 20: b"Z"}

# The seconds that follow the two leap seconds the log's years have (IERS Bulletin C 30 and 36).
_AFTER_LEAP_SECOND = ("2006-01-01T00:00:00Z", "2009-01-01T00:00:00Z")


def parse_lines(lines: DataFrame) -> DataFrame:
    """Split each line into its fields.

    Takes `line` (string: the bytes between two LF, perhaps no valid UTF-8) and any other columns; adds
    `field_count` (int, 7 for any more than six), `user_id`, `timestamp`, `artist_name`, `track_name` (string,
    null where the line has too few fields), `listened_at` (timestamp, null where `timestamp` is not one),
    `artist_id`, `track_id` (string, null unless a UUID), `malformed_artist_id` and `malformed_track_id`
    (boolean: neither empty nor a UUID).
    """
    # Only LF ends a line for the reader, so the CR of a CRLF is still there.
    without_cr = F.when(F.endswith("line", F.lit("\r")), F.left("line", F.length("line") - 1)).otherwise(F.col("line"))
    # One field too many is enough to know: a line of nothing but tabs would be as many strings, gigabytes of them.
    fields = lines.withColumn("fields", F.split(without_cr, "\t", len(FIELDS) + 1))
    named = {name: F.get("fields", F.lit(position)) for position, name in enumerate(FIELDS)}
    parsed = fields.withColumns({"field_count": F.size("fields"), **named}).drop("fields")
    read = parsed.withColumns(
        {
            "listened_at": parse_timestamp(F.col("timestamp")),
            **{name: _uuid_or_null(F.col(name)) for name in IDS},
            **{f"has_{name}": F.col(name) != "" for name in IDS},
        }
    )
    malformed = {f"malformed_{name}": F.col(f"has_{name}") & F.col(name).isNull() for name in IDS}
    return read.withColumns(malformed).drop(*(f"has_{name}" for name in IDS))


def parse_timestamp(text: Column) -> Column:
    """Read an ISO-8601 date, time to the second and zone (`Z` or an offset up to ±18:00); null if it is none.

    The leap seconds 2005-12-31T23:59:60Z and 2008-12-31T23:59:60Z, in any zone, are the second after them.
    """
    # What the first cannot read is left to the second, which costs four times as much.
    return F.coalesce(_in_usual_form(text), _in_any_form(text))


def _in_usual_form(text: Column) -> Column:
    in_bytes = text.cast("binary")
    # Without its Z, for Spark looks each zone up anew; the session's is UTC.
    without_zone = F.substring(in_bytes, 1, _UTC_BYTES - 1).cast("string")
    claims = [
        F.octet_length(text) == _UTC_BYTES,
        *(F.substring(in_bytes, place, 1) == F.lit(separator) for place, separator in _UTC_SEPARATORS.items()),
        # Spark would read white space, a zone or a fraction there. Anywhere else it takes two digits, in a year four.
        *(F.substring(in_bytes, place, 1).between(F.lit(b"0"), F.lit(b"9")) for place in (18, 19)),
    ]
    return F.when(reduce(operator.and_, claims), without_zone.try_cast("timestamp"))


def _in_any_form(text: Column) -> Column:
    after_leap_second = _second_after(text)
    is_leap_second = after_leap_second.isin([F.lit(second).cast("timestamp") for second in _AFTER_LEAP_SECOND])
    instant = (
        F.when(F.substring(text, 18, 2) != "60", text.try_cast("timestamp"))
        # A sixtieth second of any other minute is no time at all.
        .when(is_leap_second, after_leap_second)
    )
    return F.when(text.rlike(_ISO_8601), instant)


def _second_after(text: Column) -> Column:
    second_59 = F.concat(F.substring(text, 1, 17), F.lit("59"), F.substring(text, 20, 6))
    return second_59.try_cast("timestamp") + F.expr("INTERVAL 1 SECOND")


def _uuid_or_null(musicbrainz_id: Column) -> Column:
    return F.when(is_uuid(musicbrainz_id), musicbrainz_id)
