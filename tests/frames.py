"""Small frames for tests, from rows as a person writes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from spark_jobs.logs.listening.tables import LISTENS, SESSIONS


def at(text: str) -> datetime:
    """A time of day on 2009-05-01, or any time as ISO 8601, in UTC."""
    full = text if "-" in text else f"2009-05-01T{text}"
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


def frame_of(spark: SparkSession, rows: Iterable[tuple[Any, ...]], schema: T.StructType | str) -> DataFrame:
    """A frame of these rows, handed to Java once: of a list of them, each Spark job would ask Python for them again."""
    struct = T.StructType.fromDDL(schema) if isinstance(schema, str) else schema
    types = to_arrow_schema(struct)
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, types, strict=True)]
    return spark.createDataFrame(pa.table(arrays, schema=types), struct)


def computed(frame: DataFrame) -> DataFrame:
    """The same rows, computed once and for all who look at them."""
    return frame.sparkSession.createDataFrame(frame.toArrow(), frame.schema)


def listens(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    """Listens from `(user, time[, artist, track])`."""
    songs = [(*row, "Artist", "Track")[:4] for row in rows]
    full = [(user, at(time), None, artist, None, track) for user, time, artist, track in songs]
    return frame_of(spark, full, LISTENS.schema)


def sessions(spark: SparkSession, *rows: tuple[str, str, int]) -> DataFrame:
    """Sessions from `(user, start, tracks)`, an hour long each; more than 180 tracks are implausible."""
    full = []
    for user, start, tracks in rows:
        started = at(start)
        ended = started.replace(hour=started.hour + 1)
        full.append((f"{user}-{start}", user, started, ended, 3600, tracks, tracks, tracks > 180))
    return frame_of(spark, full, SESSIONS.schema)
