"""Frames of a notes log, from rows as a person writes them, and rows of answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.tables import Table
from spark_jobs.logs.notes.tables import INTERACTIONS, USERS
from spark_jobs.shared.schemas import conform
from tests.frames import frame_of

SESSIONS = """
    session_id string, user_id string, started_at timestamp, ended_at timestamp, duration_seconds double,
    interaction_count bigint, active_seconds double
"""


def day(text: str) -> date:
    """A day of 2024, as `01-31`."""
    return date.fromisoformat(f"2024-{text}")


def moment(text: str) -> datetime:
    """A time of 2024 in UTC, as `01-31` (midnight) or `01-31T23:59:59.999`."""
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


def interactions(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Interactions from the columns that matter: `user_id`, `occurred_at` as `moment` reads it, and others."""
    common = {"action_type": "page_view", "page_id": "p", "app_version": "1.0.0"}
    full = [common | row | {"occurred_at": moment(row["occurred_at"])} for row in rows]
    return frame_of(spark, _values(full, INTERACTIONS.schema.fieldNames()), INTERACTIONS.schema)


def visits(spark: SparkSession, days: dict[str, str]) -> DataFrame:
    """An interaction of each user on each of his days, which are written as `01-31 02-01`."""
    return interactions(
        spark, *({"user_id": user, "occurred_at": one} for user, texts in days.items() for one in texts.split())
    )


def users(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Users from the columns that matter: `user_id`, and others."""
    common = {
        "join_date": day("01-01"),
        "country": "DE",
        "device_type": "phone",
        "device_year": 2020,
        "subscription_type": "free",
    }
    return frame_of(spark, _values([common | row for row in rows], USERS.schema.fieldNames()), USERS.schema)


def sessions(spark: SparkSession, *rows: tuple[str, str, float | None, int]) -> DataFrame:
    """Sessions from `(user, start as moment reads it, seconds, interactions)`."""
    full = []
    for user, start, seconds, count in rows:
        begun = moment(start)
        ended = begun + timedelta(seconds=seconds or 0)
        full.append((f"{user}-{start}", user, begun, ended, seconds, count, seconds or 0.0))
    return frame_of(spark, full, SESSIONS)


def rows_of(table: Table, rows: DataFrame) -> list[tuple[Any, ...]]:
    """The rows of an answer in the columns of its table, in their order; null comes first."""
    # Arrow's times know their zone.
    found = (tuple(row.values()) for row in conform(rows, table.schema).toArrow().to_pylist())
    return sorted(found, key=lambda row: [(value is not None, value) for value in row])


def _values(rows: Iterable[dict[str, Any]], names: Iterable[str]) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in rows]
