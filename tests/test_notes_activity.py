"""The notes' model on active users by day, power users and retention, worked out by hand from the rules."""

from __future__ import annotations

from datetime import date

import pytest

from tests.notes_model.activity import (
    active_days,
    average_retention,
    daily_engagement,
    power_users,
    retention,
)
from tests.notes_rows import ANN, BOB, DAY, HOUR, MILLISECOND, D, act, ago, at, column, midnight, on, people

MONDAY = date(2024, 4, 1)


def test_every_day_has_a_row_up_to_d() -> None:
    rows = daily_engagement([*on(ago(3), ANN, BOB), *on(ago(1), ANN, "cid"), *on(D + DAY, "dan")], D)
    assert column(rows, "date", "dau", "new_users", "stickiness") == [
        (ago(3), 2, 2, 1.0),
        (ago(2), 0, 0, 0.0),
        (ago(1), 2, 1, 2 / 3),
        (D, 0, 0, 0.0),
    ]


def test_log_after_d_has_no_days() -> None:
    assert daily_engagement(on(D + DAY, ANN), D) == daily_engagement([], D) == []
    assert retention(on(D + DAY, ANN), D) == power_users([], D) == []
    assert column(active_days([], D), "users") == [0] * 28


def test_trailing_windows_include_the_day() -> None:
    first = date(2024, 4, 1)
    rows = {row["date"]: row for row in daily_engagement(on(first, ANN), D)}

    def days_with(name: str) -> list[date]:
        return [day for day, row in rows.items() if row[name]]

    assert days_with("wau_7d") == [first + DAY * days for days in range(7)]
    assert days_with("mau_28d") == [first + DAY * days for days in range(28)]
    # All of April.
    assert days_with("mau_month_to_date") == [first + DAY * days for days in range(30)]
    assert {day for day, row in rows.items() if row["stickiness"] is None} == set(rows) - set(days_with("mau_28d"))


def test_window_is_complete_from_the_28th_day() -> None:
    rows = daily_engagement(on(ago(30), ANN), D)
    assert column(rows, "window_complete") == [False] * 27 + [True] * 4


def test_days_are_those_of_utc() -> None:
    rows = daily_engagement([act(midnight(D) - MILLISECOND), act(midnight(D), BOB)], D)
    assert column(rows, "date", "dau") == [(ago(1), 1), (D, 1)]


def test_active_days_have_28_rows() -> None:
    rows = [*on(ago(27), ANN, BOB), *on(D, ANN), *on(ago(28), "cid"), *on(D + DAY, BOB), *on(D, ANN, clock="13:00:00")]
    rows += [one for days in range(28) for one in on(ago(days), "daily")]
    counts = dict(column(active_days(rows, D), "active_days", "users"))
    assert list(counts) == list(range(1, 29))
    assert {days: users for days, users in counts.items() if users} == {1: 1, 2: 1, 28: 1}


def test_top_one_percent_is_rounded_up_with_ties() -> None:
    rows = [act(at("12:00:00"), one, duration_ms=HOUR) for one in people(99)]
    rows += [act(at("12:00:00"), one, duration_ms=2 * HOUR) for one in ("x", "y")]
    rows += [act(at("12:00:00"), "z", duration_ms=4 * HOUR), act(at("12:00:00"), "idle", duration_ms=0)]
    # 102 users with active time: 2 of them, and the one that ties.
    found = power_users(rows, D)
    assert column(found, "rank", "user_id", "active_hours", "active_days") == [
        (1, "z", 4.0, 1),
        (2, "x", 2.0, 1),
        (2, "y", 2.0, 1),
    ]
    assert column(found, "share_of_active_time") == [4 / 107, 2 / 107, 2 / 107]
    # Of 100 there is one.
    assert column(power_users([*rows[:99], rows[101]], D), "rank", "user_id") == [(1, "z")]


def test_ranks_skip_after_ties() -> None:
    hours = {"a": 3, "b": 2, "c": 2, "d": 1}
    rows = [act(at("12:00:00"), one, duration_ms=HOUR * number) for one, number in hours.items()]
    rows += [act(at("12:00:00"), one, duration_ms=1) for one in people(300)]
    assert column(power_users(rows, D), "rank", "user_id") == [(1, "a"), (2, "b"), (2, "c"), (4, "d")]


def test_active_time_is_of_28_days_and_cut() -> None:
    rows = [
        act(midnight(ago(27)) - MILLISECOND, duration_ms=HOUR),
        act(midnight(ago(27)), duration_ms=HOUR),
        act(midnight(ago(27)) + 1_000 * MILLISECOND),
        # An interaction of the next day cuts, and is not counted.
        act(midnight(D + DAY) - MILLISECOND * HOUR, duration_ms=2 * HOUR),
        act(midnight(D + DAY), duration_ms=HOUR),
    ]
    assert column(power_users(rows, D), "active_hours", "active_days") == [((HOUR + 1_000) / HOUR, 2)]


def cells(rows: list[dict], cohort: date) -> list[tuple]:
    return column([row for row in rows if row["cohort_week"] == cohort], "retained_in", "retained_in_or_after")


def test_cohort_weeks_start_on_monday() -> None:
    rows = retention([*on(MONDAY - DAY, ANN), *on(MONDAY, BOB)], D)
    assert column(rows[::27], "cohort_week", "cohort_size", "is_first") == [
        (MONDAY - 7 * DAY, 1, True),
        (MONDAY, 1, False),
    ]
    assert column(rows[:27], "week") == list(range(27))


def test_retained_in_and_in_or_after() -> None:
    seen = [*on(MONDAY, ANN, BOB, "cid"), *on(MONDAY + 7 * DAY, ANN), *on(MONDAY + 21 * DAY, ANN, BOB)]
    # Weeks 0 to 4 are over on Sunday, 5 May; the sixth holds D.
    assert cells(retention(seen, D), MONDAY) == [(3, 3), (1, 2), (0, 2), (2, 2), (0, 0)] + [(None, None)] * 22


@pytest.mark.parametrize(("run_date", "complete"), [(date(2024, 5, 11), 5), (date(2024, 5, 12), 6)])
def test_week_is_complete_with_its_sunday(run_date: date, complete: int) -> None:
    rows = cells(retention(on(MONDAY, ANN), run_date), MONDAY)
    assert [row[0] is not None for row in rows] == [True] * complete + [False] * (27 - complete)


def test_nothing_after_d_is_retained() -> None:
    sunday = date(2024, 5, 12)
    rows = retention([*on(MONDAY, ANN), *on(sunday + DAY, ANN, BOB)], sunday)
    assert cells(rows, MONDAY)[:2] == [(1, 1), (0, 0)]
    assert {row["cohort_week"] for row in rows} == {MONDAY}


def test_weeks_go_to_the_26th() -> None:
    first = MONDAY - 7 * 40 * DAY
    rows = cells(retention([*on(first, ANN, BOB), *on(first + 7 * 26 * DAY, ANN), *on(D, BOB)], D), first)
    assert (len(rows), rows[26]) == (27, (1, 2))


def test_average_is_of_cohorts_that_reached_the_week() -> None:
    seen = [*on(MONDAY, *people(3)), *on(MONDAY + 7 * DAY, "u000"), *on(MONDAY + 28 * DAY, BOB)]
    shares = average_retention(retention(seen, D))
    assert (shares[0], shares[1], shares[5]) == ((1.0, 1.0), (1 / 3, 1 / 3), (None, None))
