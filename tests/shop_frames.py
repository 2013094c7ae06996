"""Frames of a shop from the rows of its model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from spark_jobs.conversion.answers import Rows
from spark_jobs.logs.shop.tables import EVENTS, SESSIONS, TRANSACTIONS, USERS
from tests.frames import frame_of
from tests.shop_logs import ShopLog
from tests.shop_model import Session, sessions_of
from tests.shop_model.rows import TYPES


def shop_rows(spark: SparkSession, log: ShopLog, run_date: date) -> Rows:
    """The frames of a log, and of the sessions that the model cuts it into."""
    sessions = sessions_of(log.events, log.transactions, log.users, run_date)
    return Rows(
        accepted(spark, log.events, EVENTS.schema),
        accepted(spark, log.transactions, TRANSACTIONS.schema),
        accepted(spark, log.users, USERS.schema),
        accepted(spark, map(_session, sessions), SESSIONS.schema),
    )


def accepted(spark: SparkSession, rows: Iterable[Any], schema: T.StructType) -> DataFrame:
    """The frame of rows that have an attribute, or a key, for each column."""
    found = [vars(row) if hasattr(row, "__dict__") else row for row in rows]
    return frame_of(spark, [tuple(_plain(row.get(name)) for name in schema.fieldNames()) for row in found], schema)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [vars(item) for item in value]
    return value


def _session(session: Session) -> dict[str, Any]:
    counts = {f"{name.lower()}_count": session.type_counts[name] for name in TYPES}
    return {
        "session_id": f"{session.user_id}-{session.started_at:%Y%m%dT%H%M%SZ}",
        "user_id": session.user_id,
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "duration_seconds": int(session.duration_seconds),
        "events": len(session.run),
        "distinct_products": session.distinct_products,
        "device_type": session.device_type,
        **counts,
    }
