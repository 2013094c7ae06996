from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession

from spark_jobs.logs.listening.tables import SESSIONS
from spark_jobs.ranking.start_window import StartWindow, last_days, reaching_into, started_in
from tests.frames import at, frame_of

MAY_DAY = date(2009, 5, 1)


def test_run_date_is_the_windows_last_day() -> None:
    assert last_days(MAY_DAY, 1) == StartWindow(MAY_DAY, MAY_DAY)
    assert last_days(MAY_DAY, 7) == StartWindow(date(2009, 4, 25), MAY_DAY)
    assert last_days(date(2002, 1, 1), 36_500) == StartWindow(date(1902, 1, 27), date(2002, 1, 1))
    assert last_days(MAY_DAY, None) is None


@pytest.mark.parametrize(
    ("start", "end", "starts", "reaches"),
    [
        pytest.param("2009-04-29T23:00:00", "2009-04-29T23:59:59", False, False, id="ends a second before it"),
        pytest.param("2009-04-29T23:00:00", "2009-04-30T00:00:00", False, True, id="ended as it begins"),
        pytest.param("2009-04-29T23:59:59", "2009-04-30T00:10:00", False, True, id="started a second before it"),
        pytest.param("2009-04-30T00:00:00", "2009-04-30T00:00:00", True, True, id="started exactly as it begins"),
        pytest.param("2009-05-01T23:59:59", "2009-05-01T23:59:59", True, True, id="its last second"),
        pytest.param("2009-05-01T23:59:59", "2009-05-02T00:00:00", True, True, id="ended as it ends"),
        pytest.param("2009-05-02T00:00:00", "2009-05-02T03:00:00", False, False, id="started as it ends"),
        pytest.param("2009-04-29T23:00:00", "2009-05-02T03:00:00", False, True, id="longer than the window"),
    ],
)
def test_session_is_in_the_window_it_starts_in(
    spark: SparkSession, start: str, end: str, starts: bool, reaches: bool
) -> None:
    row = ("u-1", "u", at(start), at(end), 1, 1, 1, False)
    sessions = frame_of(spark, [row], SESSIONS.schema)
    window = last_days(MAY_DAY, 2)
    assert (started_in(sessions, window).collect() == sessions.collect()) is starts
    assert (reaching_into(sessions, window).collect() == sessions.collect()) is reaches
    for chosen in (started_in, reaching_into):
        assert chosen(sessions, None).collect() == sessions.collect()
