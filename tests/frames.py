"""Small frames for tests, from rows as a person writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.shared import schemas


def at(text: str) -> datetime:
    """A time of day on 2009-05-01, or any time as ISO 8601, in UTC."""
    full = text if "-" in text else f"2009-05-01T{text}"
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


def listens(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    """Listens from `(user, time[, artist, track])`."""
    songs = [(*row, "Artist", "Track")[:4] for row in rows]
    full = [(user, at(time), None, artist, None, track) for user, time, artist, track in songs]
    return spark.createDataFrame(full, schemas.LISTENS)


def sessions(spark: SparkSession, *rows: tuple[str, str, int]) -> DataFrame:
    """Sessions from `(user, start, tracks)`, an hour long each, in one part; more than 180 tracks are implausible."""
    full = []
    for user, start, tracks in rows:
        started = at(start)
        ended = started.replace(hour=started.hour + 1)
        full.append((f"{user}-{start}", user, started, ended, 3600, tracks, tracks, tracks > 180, tracks, tracks))
    return spark.createDataFrame(full, schemas.SESSIONS)
