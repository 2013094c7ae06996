"""Sensitive values, kept as a keyed hash: equal values stay equal, and nobody without the key can try values out.

The key is read from the environment where Spark works: no plan, event log, command line or record has it.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared.field_types import WHITE_SPACE

KEY = "PIPELINE_MASKING_KEY"
KEY_ID = "PIPELINE_MASKING_KEY_ID"
FIRST_KEY_ID = "1"
_MASKING = "masking"
# RFC 2104: SHA-256 takes blocks of 64 bytes; the key is filled up to one, and combined with these bytes.
_BLOCK, _INNER, _OUTER = 64, 0x36, 0x5C
# Digits of a hash, enough to tell two keys apart.
_SHOWN = 8


def with_masking_key(frame: DataFrame) -> DataFrame:
    """Add what `mask` and `hmac_of` need, as a column of each row; without a key in the environment it holds nulls.

    It is worked out by an executor in one row, which Spark broadcasts.
    """
    found = frame.sparkSession.range(1).select(_environment(KEY).alias("key"), _environment(KEY_ID).alias("id"))
    key = _unless_unset("key").cast("binary")
    fitting = F.when(F.octet_length(key) > _BLOCK, _sha256(key)).otherwise(key)
    one_row = found.select(fitting.alias("key"), F.coalesce(_unless_unset("id"), F.lit(FIRST_KEY_ID)).alias("id"))
    pads = F.struct("id", _pad(_INNER).alias("inner"), _pad(_OUTER).alias("outer"))
    # One row on the right: each row stays one.
    return frame.crossJoin(F.broadcast(one_row.select(pads.alias(_MASKING))))


def key_seen(spark: SparkSession) -> str:
    """Return what tells the masking key that Spark's environment has from others: no value is found by it. Runs Spark.

    That is the key's id, a colon and the beginning of a keyed hash of nothing; empty without a key.
    """
    (row,) = with_masking_key(spark.range(1)).select(hmac_of(F.lit(b"")).alias("seen")).collect()
    key_id, _, digits = (row.seen or ":").rpartition(":")
    return f"{key_id}:{digits[:_SHOWN]}" if digits else ""


def has_key() -> Column:
    """Was there a key in the environment?"""
    return F.col(_MASKING)["inner"].isNotNull()


def mask(normal: Column) -> Column:
    """Return what is kept of a value in its `normal` form: the key's id, a colon, 64 digits; null without a key."""
    return hmac_of(normal.cast("binary"))


def hmac_of(content: Column) -> Column:
    """Return the key's id, a colon and the HMAC-SHA256 of some bytes as 64 digits; null without a key."""
    pads = F.col(_MASKING)
    inner = _sha256(F.concat(pads["inner"], content))
    return F.concat(pads["id"], F.lit(":"), F.sha2(F.concat(pads["outer"], inner), 256))


def normal(text: Column) -> Column:
    """Return a text without Unicode white space around it, in lower case: so much of a sensitive value is hashed."""
    first, last = F.left(text, F.lit(1)), F.right(text, F.lit(1))
    is_trimmed = first.between("!", "~") & last.between("!", "~")
    return F.lower(F.when(is_trimmed, text).otherwise(F.trim(text, F.lit(WHITE_SPACE))))


def _environment(name: str) -> Column:
    return F.reflect(F.lit("java.lang.System"), F.lit("getenv"), F.lit(name))


def _unless_unset(name: str) -> Column:
    # A variable that is not set comes back from Java as this text.
    return F.when(~F.col(name).isin("", "null"), F.col(name))


def _sha256(content: Column) -> Column:
    return F.unhex(F.sha2(content, 256))


def _pad(byte: int) -> Column:
    """Return the key filled up with zeros to a block, each byte combined with one."""
    padded = F.rpad(F.hex("key"), 2 * _BLOCK, "0")
    places = F.sequence(F.lit(1), F.lit(2 * _BLOCK - 1), F.lit(2))

    def combined(place: Column) -> Column:
        of_key = F.conv(F.substring(padded, place, F.lit(2)), 16, 10).cast("int")
        return F.lpad(F.hex(of_key.bitwiseXOR(F.lit(byte))), 2, "0")

    # Joining leaves nulls out: without a key that would be a pad of no bytes, and a hash without a key.
    return F.when(F.col("key").isNotNull(), F.unhex(F.array_join(F.transform(places, combined), "")))
