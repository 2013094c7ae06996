"""Which listens lie within some spans of their users' time, such as sessions."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def listens_within(spans: DataFrame, listens: DataFrame, *columns: str) -> DataFrame:
    """The listens within some spans (`user_id`, `started_at`, `ended_at`), with these `columns` of their span.

    The spans are few enough to broadcast. A listen is there once for each of those it lies in: at most one of sessions
    that were cut alike.
    """
    days = F.explode(F.sequence(F.to_date("started_at"), F.to_date("ended_at")))
    by_day = spans.select("user_id", "started_at", "ended_at", *columns, days.alias("day"))
    within = [
        by_day.user_id == listens.user_id,
        # By day too, for a user may have thousands of sessions, and each listen would be held against all of them.
        by_day.day == F.to_date(listens.listened_at),
        listens.listened_at.between(by_day.started_at, by_day.ended_at),
    ]
    return listens.join(F.broadcast(by_day), on=within, how="inner").select(listens["*"], *columns)
