"""The schemas of the lake's tables, and the one select every published table ends in."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from spark_jobs.logs.listening import contract
from spark_jobs.shared.errors import SchemaMismatchError
from spark_jobs.shared.spark_schema import spark_schema

LISTENS = spark_schema(contract.LISTENS)

# `line` is binary: a rejected line may be no valid text, and it is kept to the byte. It lies in the part of the file
# that begins at byte `part_start`: Spark's reader tells no more of a line's place.
REJECTED_RECORDS = T.StructType(
    [
        T.StructField("line", T.BinaryType()),
        T.StructField("file", T.StringType()),
        T.StructField("part_start", T.LongType()),
        T.StructField("reason", T.StringType()),
    ]
)

SESSIONS = T.StructType(
    [
        T.StructField("session_id", T.StringType()),
        T.StructField("user_id", T.StringType()),
        T.StructField("started_at", T.TimestampType()),
        T.StructField("ended_at", T.TimestampType()),
        T.StructField("duration_seconds", T.LongType()),
        T.StructField("track_count", T.LongType()),
        T.StructField("distinct_song_count", T.LongType()),
        T.StructField("is_implausible", T.BooleanType()),
    ]
)

TOP_SESSIONS = T.StructType([T.StructField("rank", T.IntegerType()), *SESSIONS.fields])

# A session by the gap of the definition that chose it.
CHOSEN_SESSION = T.StructType(
    [SESSIONS["user_id"], SESSIONS["started_at"], SESSIONS["ended_at"], SESSIONS["track_count"]]
)

CHOSEN_SESSIONS = T.StructType([T.StructField("definition", T.StringType()), T.StructField("session", CHOSEN_SESSION)])

# Each chosen session that holds a listen has a row of it: sessions of different definitions may overlap.
CHOSEN_LISTENS = T.StructType([T.StructField("session", CHOSEN_SESSION), *LISTENS.fields])

TOP_SONGS = T.StructType(
    [
        T.StructField("rank", T.IntegerType()),
        T.StructField("artist_name", T.StringType()),
        T.StructField("track_name", T.StringType()),
        T.StructField("play_count", T.LongType()),
        T.StructField("session_count", T.LongType()),
        T.StructField("listener_count", T.LongType()),
    ]
)

# The same ranking under other definitions of a session, of the longest, of a song.
ALTERNATIVE_SONGS = T.StructType([T.StructField("definition", T.StringType()), *TOP_SONGS.fields])

# Who listened in the top sessions: the two counts are of those, the rest is null where it is unknown.
LISTENERS = T.StructType(
    [
        T.StructField("user_id", T.StringType()),
        T.StructField("session_count", T.LongType()),
        T.StructField("track_count", T.LongType()),
        T.StructField("country", T.StringType()),
        T.StructField("age", T.IntegerType()),
        T.StructField("registered_on", T.DateType()),
    ]
)


def conform(table: DataFrame, schema: T.StructType) -> DataFrame:
    """Select the schema's columns in its order; other columns are left behind.

    Raises SchemaMismatchError that lists every column missing or of another type.
    """
    bad_columns = faults(table, schema)
    if bad_columns:
        raise SchemaMismatchError(f"the table does not fit its schema; mend its last select: {'; '.join(bad_columns)}")
    return table.select(*schema.fieldNames())


def faults(table: DataFrame, schema: T.StructType) -> list[str]:
    """Tell every column of the schema that the table lacks or has in another type."""
    found = {field.name: field.dataType for field in table.schema.fields}
    return [
        f"{field.name}: found {_type_name(found.get(field.name))}, allowed {field.dataType.simpleString()}"
        for field in schema.fields
        if found.get(field.name) != field.dataType
    ]


def _type_name(found: T.DataType | None) -> str:
    return "no such column" if found is None else found.simpleString()
