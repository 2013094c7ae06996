"""When a pause ends a session: the one rule by which events are cut into sessions, and sessions joined."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W


def microseconds_between(earlier: Column, later: Column) -> Column:
    """Return the microseconds from one timestamp to another (long), which is all that Spark keeps of a time."""
    # A difference of timestamps is an interval, for which Spark takes both into the session's zone, row by row.
    return F.unix_micros(later) - F.unix_micros(earlier)


def number_sessions(intervals: DataFrame, user: str, started_at: str, ended_at: str, gap: timedelta) -> DataFrame:
    """Add `session_number` (long, a user's sessions counted from 1) to intervals of use.

    An interval has a `user` and these two columns (timestamps): it is an event, which ends when it starts, or a
    session. Intervals may lie within each other. A pause longer than `gap` opens a session; exactly the gap stays in.
    """
    # Equal times are a pause of zero: their order cannot move a boundary, and this order is the bucket's own.
    by_user = W.partitionBy(user).orderBy(started_at)
    so_far = by_user.rowsBetween(W.unboundedPreceding, W.currentRow)
    before = by_user.rowsBetween(W.unboundedPreceding, -1)

    # The previous event ends last; the previous interval may end before an earlier one.
    last_end = F.lag(ended_at).over(by_user) if started_at == ended_at else F.max(ended_at).over(before)
    # A user's first interval has a null pause, and null > gap is null, so ask for it.
    pause = microseconds_between(last_end, F.col(started_at))
    opens_session = pause.isNull() | (pause > gap // timedelta(microseconds=1))
    with_openings = intervals.withColumn("opens_session", opens_session)
    numbered = with_openings.withColumn("session_number", F.count_if("opens_session").over(so_far))
    return numbered.drop("opens_session")
