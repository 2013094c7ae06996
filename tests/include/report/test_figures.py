"""Listens and sessions by hour, day and length, against a count of the same listens in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from include.report.figures import by_weekday, listening_figures, over_time, session_lengths
from spark_jobs.shared.lake import LISTENS, Lake
from tests import model
from tests.include.report.finished import finish
from tests.logs import GAP, RUN_DATE


def counts(*times: str) -> np.ndarray:
    """Counts by hour since 1970 of some times."""
    hours = [int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()) // 3600 for time in times]
    return np.bincount(hours) if hours else np.zeros(0, np.int64)


@pytest.mark.parametrize(
    ("first", "last", "period", "number"),
    [
        pytest.param("2009-01-01T00:00", "2009-01-01T00:00", "day", 1, id="an hour"),
        pytest.param("2009-01-01T23:00", "2009-04-02T00:00", "day", 92, id="92 days"),
        pytest.param("2009-01-01T00:00", "2009-04-03T00:00", "week", 14, id="93 days"),
        pytest.param("2009-01-01T00:00", "2012-01-05T00:00", "week", 158, id="1,100 days"),
        pytest.param("2009-01-01T00:00", "2012-01-06T00:00", "month", 37, id="1,101 days"),
    ],
)
def test_the_period_follows_from_the_span(first: str, last: str, period: str, number: int) -> None:
    found = over_time(counts(first, last), counts(first))
    assert (found["period"], len(found["periods"])) == (period, number)
    assert sum(one["listens"] for one in found["periods"]) == 2


def test_every_period_without_listens_is_there() -> None:
    listens = counts("2009-05-01T23:00", "2009-05-01T23:00", "2009-05-04T00:00")
    assert over_time(listens, counts("2009-05-01T23:00", "2009-05-04T00:00")) == {
        "period": "day",
        "periods": [
            {"start": "2009-05-01", "listens": 2, "sessions": 1},
            {"start": "2009-05-02", "listens": 0, "sessions": 0},
            {"start": "2009-05-03", "listens": 0, "sessions": 0},
            {"start": "2009-05-04", "listens": 1, "sessions": 1},
        ],
    }
    assert over_time(counts(), counts()) == {"period": "day", "periods": []}


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    # 2009-01-05 and 2009-04-27 are Mondays.
    weeks = over_time(counts("2009-01-11T23:00", "2009-05-02T00:00"), counts())["periods"]
    assert (weeks[0], weeks[-1]) == (
        {"start": "2009-01-05", "listens": 1, "sessions": 0},
        {"start": "2009-04-27", "listens": 1, "sessions": 0},
    )
    months = over_time(counts("2004-02-29T23:00", "2009-01-31T23:00"), counts())["periods"]
    assert (months[0]["start"], months[1]["start"], months[-1]["start"]) == ("2004-02-01", "2004-03-01", "2009-01-01")


def test_hours_of_the_week_are_utc_and_begin_on_monday() -> None:
    found = by_weekday(counts("2009-05-04T00:00", "2009-05-10T23:00", "2009-05-17T23:00"))
    assert (found[0][0], found[6][23], sum(map(sum, found))) == (1, 2, 3)
    assert by_weekday(counts()) == [[0] * 24] * 7


def test_lengths_are_in_powers_of_two_and_those_of_nobody_are_there() -> None:
    # Sessions of 1, 2 or 3, and 8 to 15 tracks.
    assert session_lengths(np.array([4, 2, 0, 1]), np.array([0, 0, 0, 1])) == [
        {"from_tracks": 1, "to_tracks": 1, "sessions": 4, "top_sessions": 0},
        {"from_tracks": 2, "to_tracks": 3, "sessions": 2, "top_sessions": 0},
        {"from_tracks": 4, "to_tracks": 7, "sessions": 0, "top_sessions": 0},
        {"from_tracks": 8, "to_tracks": 15, "sessions": 1, "top_sessions": 1},
    ]


def test_a_partition_is_counted_whole_whatever_its_batches(lake: Lake) -> None:
    chance = random.Random(5)
    start = datetime(2009, 2, 1, tzinfo=UTC)
    times = sorted(start + timedelta(minutes=chance.randrange(60 * 24 * 80)) for _ in range(3000))
    played = [model.Listen(chance.choice("uvw"), time, None, "A", None, "B") for time in times]
    finish(lake, played)
    # Row groups of 100 rows are batches of 100 rows.
    (file,) = pq.ParquetDataset(lake.partition(LISTENS, RUN_DATE)).files
    pq.write_table(pq.read_table(file, partitioning=None), file, row_group_size=100)

    sessions = model.sessions_of(played, GAP)
    top = model.top_sessions(sessions, 50)
    found = listening_figures(lake, RUN_DATE, [{"track_count": session.track_count} for session in top])
    by_day = Counter(time.date() for time in times)
    begun = Counter(session.started_at.date() for session in sessions)
    days = [date(2009, 2, 1) + timedelta(days=number) for number in range(80)]
    assert found["over_time"]["periods"] == [
        {"start": str(day), "listens": by_day[day], "sessions": begun[day]} for day in days
    ]
    by_hour = Counter((time.weekday(), time.hour) for time in times)
    assert found["by_weekday"] == [[by_hour[weekday, hour] for hour in range(24)] for weekday in range(7)]
    lengths = Counter(session.track_count.bit_length() for session in sessions)
    among_top = Counter(session.track_count.bit_length() for session in top)
    assert [(one["from_tracks"], one["sessions"], one["top_sessions"]) for one in found["session_lengths"]] == [
        (2 ** (bits - 1), lengths[bits], among_top[bits]) for bits in range(1, max(lengths) + 1)
    ]
