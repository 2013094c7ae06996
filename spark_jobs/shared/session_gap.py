"""When a pause ends a session: the one rule by which listens are cut into sessions, and sessions joined."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

SESSION_GAP = timedelta(minutes=20)


def seconds_between(earlier: Column, later: Column) -> Column:
    """The whole seconds from one timestamp to another (long): no log tells of less."""
    # A difference of timestamps is an interval, for which Spark takes both into the session's zone, row by row.
    return F.unix_seconds(later) - F.unix_seconds(earlier)


def number_sessions(intervals: DataFrame, started_at: str, ended_at: str, gap: timedelta) -> DataFrame:
    """Add `session_number` (long, a user's sessions counted from 1) to intervals of listening.

    An interval has a `user_id` and these two columns (timestamps): it is a listen, which ends when it starts, or a
    session. Intervals may lie within each other. A pause longer than `gap` opens a session; exactly the gap stays in.
    """
    # Equal times are a pause of zero: their order cannot move a boundary, and this order is the bucket's own.
    by_user = W.partitionBy("user_id").orderBy(started_at)
    so_far = by_user.rowsBetween(W.unboundedPreceding, W.currentRow)
    before = by_user.rowsBetween(W.unboundedPreceding, -1)

    # The previous listen ends last; the previous interval may end before an earlier one.
    last_end = F.lag(ended_at).over(by_user) if started_at == ended_at else F.max(ended_at).over(before)
    # A user's first interval has a null pause, and null > gap is null, so ask for it.
    pause = seconds_between(last_end, F.col(started_at))
    opens_session = pause.isNull() | (pause > gap.total_seconds())
    with_openings = intervals.withColumn("opens_session", opens_session)
    numbered = with_openings.withColumn("session_number", F.count_if("opens_session").over(so_far))
    return numbered.drop("opens_session")
