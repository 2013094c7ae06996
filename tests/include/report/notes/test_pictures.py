"""The pictures of the notes show what the answers say, in words too."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from include.report.notes.activity_picture import activity_picture
from include.report.notes.anomaly_picture import anomaly_picture, drawn
from include.report.notes.habit_pictures import active_days_picture
from include.report.notes.load_pictures import correlation_picture, load_times_picture
from include.report.notes.model import (
    ActiveDays,
    Average,
    Cohort,
    Day,
    DeviceCorrelation,
    LoadTimes,
    Measured,
    NotesReport,
)
from include.report.notes.pictures import pictures
from include.report.notes.retention_pictures import average_picture, cells, retention_picture
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.conftest import of_days
from tests.notes_rows import D

ALL = ("activity", "anomalies", "retention", "average_retention", "active_days", "load_times", "device_correlation")
FRIDAY, DAY = D, timedelta(days=1)
MONDAY = D - 4 * DAY
UP, DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"


def some_day(back: int, dau: int, mau: int = 10, *, complete: bool = True) -> Day:
    windows = {"dau": dau, "wau_7d": dau, "mau_28d": mau, "mau_month_to_date": dau, "new_users": 0}
    return Day(day=FRIDAY - back * DAY, stickiness=dau / mau, window_complete=complete, **windows)


def some_value(back: int, value: float | None, mean: float | None = None, z: float | None = None) -> Measured:
    known = {"value": value, "mean": mean, "standard_deviation": mean and 1.0, "z": z, "flagged": z is not None}
    return Measured(day=FRIDAY - back * DAY, metric="dau", same_weekday_week_before=None, **known)


def some_cohort(weeks_back: int, *retained: int | None, size: int = 10, is_first: bool = False) -> Cohort:
    week = MONDAY - weeks_back * 7 * DAY
    return Cohort(week=week, size=size, is_first=is_first, retained_in=retained, retained_in_or_after=retained)


def some_average(week: int, rate: float, rate_after: float = 1, size: int = 30) -> Average:
    retained = {"retained_in": int(rate * size), "retained_in_or_after": int(rate_after * size)}
    return Average(week=week, cohorts=3, size=size, rate_in=rate, rate_in_or_after=rate_after, **retained)


def some_version(version: str, count: int, p95: float | None) -> LoadTimes:
    return LoadTimes(app_version=version, count=count, p50_ms=100.4, p95_ms=p95, p99_ms=None)


def test_weekends_are_told_from_other_days() -> None:
    # Friday the 10th back to Saturday the 4th.
    found = activity_picture([some_day(back, 2 if back in (5, 6) else 4 + (back == 1)) for back in range(7)])
    assert found.says == (
        "On average 4.2 users are active from Monday to Friday, 2.0 at weekends. "
        "Most were active on Thursday, 9 May 2024: 5. Somebody was active every day."
    )
    assert "Weekends are shaded." in found.units


def test_long_logs_have_points_for_weekends() -> None:
    many = [some_day(back, 4) for back in range(121)]
    assert activity_picture(many[:120]).key == {}
    found = activity_picture(many)
    assert found.key == {"accent": "Monday to Friday", "quiet": "Saturday and Sunday"}
    assert "Weekends" not in found.units


def test_days_are_a_table_in_order() -> None:
    found = activity_picture([some_day(0, 4), some_day(1, 0, complete=False)])
    assert found.table == [
        ("Day", "Daily", "7 days", "28 days", "Stickiness", "New users", "Month to date"),
        ("Thu 9 May 2024", "0", "0", "10", "0.0%", "0", "0"),
        ("Fri 10 May 2024", "4", "4", "10", "40.0%", "0", "4"),
    ]
    assert "Dashed: the log has no 28 days yet." in found.units
    assert "Nobody was active on 1 day." in found.says


def test_lines_name_their_windows_and_ends() -> None:
    found = activity_picture([some_day(0, 4, 1_234), some_day(1, 4, 1_000)])
    for drawing in (found.wide, found.narrow):
        assert ("28 days: 1,234" in drawing, "7 days: 4" in drawing) == (True, True)


def test_week_that_is_not_over_is_an_empty_cell() -> None:
    cohorts = [some_cohort(2, 10, 4, 0, is_first=True), some_cohort(1, 10, 3, None), some_cohort(0, 10, None, None)]
    averages = [some_average(0, 1)]
    rows = cells(cohorts, averages, 2)
    assert [(row["week"], row["rate"], row["text"]) for row in rows[3:9]] == [
        (0, 1.0, "100"),
        (1, 0.4, "40"),
        (2, 0.0, "0"),
        (0, 1.0, "100"),
        (1, 0.3, "30"),
        (2, None, ""),
    ]
    found = retention_picture(cohorts, averages)
    assert found.table[1:3] == [
        ("All cohorts", "30", "100.0%", "\N{EN DASH}", "\N{EN DASH}"),
        ("22 April 2024*", "10", "100.0%", "40.0%", "0.0%"),
    ]
    assert found.table[-1][2:] == ("100.0%", "", "")
    # Two of all cohorts, one and two of the later ones; the drawing's groups fill nothing.
    for drawing in (found.wide, found.narrow):
        outlines = re.findall(r"<path[^>]*stroke=\"var\(--rule\)\"[^>]*>", drawing)
        assert (len(outlines), [one for one in outlines if "fill" in one]) == (5, [])


def test_triangle_has_the_last_cohorts_and_marks_the_first() -> None:
    many = [some_cohort(back, 10, *[5] * 26, is_first=back == 29) for back in reversed(range(30))]
    averages = [some_average(1, 0.4)]
    found = retention_picture(many, averages)
    assert len(found.table) == 2 + 26
    assert "The last 26 of 30 cohorts: retention.tsv has all." in found.units
    assert "The log's first cohort" not in found.units
    assert "The log's first cohort" in retention_picture(many[:26], averages).units
    assert found.says == "Of all cohorts for which the week is over, so many users come back: 40.0% in week 1."


def test_average_tells_its_last_week() -> None:
    weeks = [some_average(week, 0.1, 0.2, size=1_000) for week in (0, 1)]
    found = average_picture(weeks)
    assert found.says == "In week 1 10.0% of 1,000 users were active, 20.0% then or later."
    assert len(average_picture(weeks[:1]).table) == 1


def test_active_days_tell_who_comes_once() -> None:
    found = active_days_picture([ActiveDays(active_days=day, users=day % 2 * 5) for day in range(1, 29)])
    assert found.says == "Of 70 users 7.1% were active on a single day, 50.0% on 14 days and more."
    assert found.table[1] == ("1", "5", "7.1%")


def test_versions_have_counts_beside_their_times() -> None:
    found = load_times_picture([some_version("1.9.0", 1_234, 900.0), some_version("1.10.0", 30, 800.0)])
    assert found.says == (
        "In version 1.10.0, the newest with 30 page views, 95% load within 800 ms. "
        "Version 1.10.0 is fastest (800 ms), 1.9.0 slowest (900 ms)."
    )
    assert found.table[1] == ("1.9.0", "1,234", "100 ms", "900 ms", "\N{EN DASH}")
    for drawing in (found.wide, found.narrow):
        assert "1.9.0 (1,234)" in drawing
    few = load_times_picture([some_version("1.0.0", 29, 800.0)])
    assert few.says == "No version has 30 page views with a load time."


@pytest.mark.parametrize(
    ("spearman", "told"),
    [
        (-0.4, "In version 1.0.0 it is \N{MINUS SIGN}0.40 over 12 users: newer devices load faster."),
        (0.1, "In version 1.0.0 it is +0.10 over 12 users: newer devices load slower."),
        (0.05, "In version 1.0.0 it is +0.05 over 12 users: load times hardly go with the year of the device."),
    ],
)
def test_correlation_is_told_in_words(spearman: float, told: str) -> None:
    found = [DeviceCorrelation(app_version="1.0.0", users=12, spearman=spearman)]
    unknown = DeviceCorrelation(app_version="2.0.0", users=9, spearman=None)
    picture = correlation_picture([*found, unknown])
    assert picture.says == told
    assert picture.table[2] == ("2.0.0", "9", "not known")
    assert len(correlation_picture([unknown]).table) == 1


def test_unusual_days_are_marked_on_their_curve() -> None:
    found = anomaly_picture([some_value(2, 5.0), some_value(1, 9.0, 5.0, 4.0), some_value(0, 1.0, 5.0, -4.0)], 3)
    assert found.table[2:] == [
        ("Thu 9 May 2024", f"9 {UP}", "\N{EN DASH}", "\N{EN DASH}"),
        ("Fri 10 May 2024", f"1 {DOWN}", "\N{EN DASH}", "\N{EN DASH}"),
    ]
    assert found.says == "Unusual: daily active users on 2 days."
    assert found.key == {"alarm": "unusual"}
    assert found.wide.count('fill="var(--alarm)"') == 2
    assert ("9 May" in found.wide, "10 May" in found.wide) == (True, True)


def test_dates_that_would_overlap_are_left_out() -> None:
    crowd = [some_value(back, 9.0, 5.0, 4.0 + back) for back in reversed(range(60))]
    found = anomaly_picture(crowd, 60).narrow
    # The halo and the text of each.
    assert 2 <= found.count(">12 Mar<") + found.count("May<") <= 12


@pytest.mark.parametrize(
    ("mean", "said"),
    [(None, "No day has 14 values before it, so none can be judged."), (5.0, "No day is unusual.")],
)
def test_days_that_cannot_be_judged_are_not_called_usual(mean: float | None, said: str) -> None:
    found = anomaly_picture([some_value(1, 5.0, mean), some_value(0, 5.0, mean)], 2)
    assert (found.says, found.key) == (said, {})


def test_lonely_value_of_a_long_curve_is_a_point() -> None:
    values = [some_value(back, None if back in (1, 3) else 5.0) for back in reversed(range(70))]
    assert [row["point"] for row in drawn(values)[-4:]] == [False, True, False, True]


def test_band_is_three_deviations_and_never_below_zero() -> None:
    (row,) = drawn([some_value(0, 5.0, 2.0)])
    assert (row["low"], row["high"]) == (0, 5.0)


@pytest.mark.parametrize("days", [1, 61, 121])
def test_logs_of_all_lengths_are_drawn(notes: Lake, days: int) -> None:
    for one in pictures(of_days(notes, days)):
        if len(one.table) > 1:
            assert one.wide.startswith("<svg")
            assert one.narrow.startswith("<svg")


def test_nothing_to_show_is_left_out(nothing: NotesReport) -> None:
    assert [(one.name, len(one.table)) for one in pictures(nothing)] == [(name, 1) for name in ALL]
