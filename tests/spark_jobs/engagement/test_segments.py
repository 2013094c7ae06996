from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs.engagement.outcomes import session_outcomes
from spark_jobs.engagement.segments import segments
from spark_jobs.engagement.tables import SEGMENTS, SESSION_OUTCOMES
from tests.notes_frames import moment, rows_of, sessions, users

# How many users each country has, and how many each segment.
MERGED: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "five are enough": ({"DE": 5, "FR": 6}, {"DE": 5, "FR": 6}),
    "small ones are merged": ({"DE": 6, "FR": 4, "US": 1}, {"DE": 6, "other": 5}),
    "the next smallest makes up five": ({"DE": 7, "FR": 6, "US": 4}, {"DE": 7, "other": 10}),
    "of equal ones the first by name": ({"DE": 6, "AT": 6, "US": 1}, {"DE": 6, "other": 7}),
    "nothing is left": ({"DE": 3}, {"other": 3}),
    "all small ones are merged": ({"DE": 4, "FR": 4, "US": 4}, {"other": 12}),
}


@pytest.mark.parametrize(("countries", "expected"), MERGED.values(), ids=MERGED)
def test_small_segments_are_merged(spark: SparkSession, countries: dict[str, int], expected: dict[str, int]) -> None:
    each = [(f"{country}{number}", country) for country, count in countries.items() for number in range(count)]
    known = users(spark, *({"user_id": user, "country": country} for user, country in each))
    found = segments(sessions(spark, *((user, "05-01", 1.0, 1) for user, _ in each)), known)
    rows = found.where("kind = 'country'").select("segment", "users").collect()
    assert dict(map(tuple, rows)) == expected


def test_segments_have_means_of_all_sessions(spark: SparkSession) -> None:
    free = [{"user_id": f"u{number}", "device_type": "phone"} for number in range(6)]
    # Who has no interaction is in no segment.
    known = users(spark, *free, {"user_id": "away", "device_type": "tablet"})
    rows: list[Any] = [(one["user_id"], "05-01", 2.5, 2) for one in free]
    rows += [("u0", "05-02", None, 1), ("u0", "05-03", 1.0, 1)]
    # Nothing is known of them.
    rows += [(f"x{number}", "05-01", 0.25, 1) for number in range(5)]
    found = segments(sessions(spark, *rows), known)
    by_kind = {kind: rows_of(table, found.where(f"kind = '{kind}'")) for kind, table in SEGMENTS.items()}
    unknown, their = ("unknown", 5, 5, 0.25, 1.0), (6, 8, 2.0, 0.25)
    assert by_kind == {
        "country": [("DE", *their), unknown],
        "device_type": [("phone", *their), unknown],
        "subscription_type": [("free", *their), unknown],
    }


def test_outcomes_name_the_user_and_the_bounce(spark: SparkSession) -> None:
    rows = sessions(spark, ("ann", "05-01", 2.5, 2), ("bob", "05-02", None, 1))
    known = users(spark, {"user_id": "ann", "country": "AT", "device_type": "desktop", "subscription_type": "basic"})
    assert rows_of(SESSION_OUTCOMES, session_outcomes(rows, known)) == [
        (
            *("ann-05-01", "ann", moment("05-01"), moment("05-01T00:00:02.500"), 2.5, 2, 2.5),
            *("AT", "desktop", "basic", False),
        ),
        (
            *("bob-05-02", "bob", moment("05-02"), moment("05-02"), None, 1, 0.0),
            *("unknown", "unknown", "unknown", True),
        ),
    ]
