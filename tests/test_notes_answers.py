"""The notes' model on load times, devices, anomalies and the files, worked out by hand from the rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.notes_model import COLUMNS, Interaction, answers, files_of, sessions_of
from tests.notes_model.answers import written
from tests.notes_model.exact import percentile, spearman
from tests.notes_model.performance import anomalies, device_correlation, load_times
from tests.notes_rows import ANN, DAY, D, act, ago, at, load, on, people, user

NOON = at("12:00:00")


def loads(number: int, moment: datetime = NOON, version: str = "1.0.0") -> list[Interaction]:
    return [load(value, moment + timedelta(seconds=value), version=version) for value in range(1, number + 1)]


# --- Load times


@pytest.mark.parametrize(
    ("number", "row"),
    [
        pytest.param(1, (1, 1.0, None, None), id="one"),
        pytest.param(19, (19, 10.0, None, None), id="no p95"),
        pytest.param(20, (20, 10.5, 19.05, None), id="a p95"),
        pytest.param(99, (99, 50.0, 94.1, None), id="no p99"),
        pytest.param(100, (100, 50.5, 95.05, 99.01), id="a p99"),
    ],
)
def test_percentiles_are_interpolated_and_need_values(number: int, row: tuple) -> None:
    whole, day = load_times(loads(number), D)
    assert tuple(whole.values())[2:] == tuple(day.values())[2:] == row
    assert (whole["date"], day["date"]) == (None, D)


@given(st.lists(st.integers(0, 600_000), min_size=1), st.sampled_from([50, 95, 99]))
def test_percentiles_are_numpys(values: list[int], percent: int) -> None:
    assert float(percentile(values, percent)) == pytest.approx(np.percentile(values, percent), rel=1e-12)


def test_versions_are_in_the_order_of_their_numbers() -> None:
    rows = [
        load(1, NOON - DAY * place, version=one) for place, one in enumerate(("1.10.0", "1.9.0", "0.99.99", "10.0.0"))
    ]
    rows += [load(2, NOON - DAY * 9, version="1.9.0"), act(NOON, app_version="0.0.1")]
    assert [(row["app_version"], row["date"]) for row in load_times(rows, D)] == [
        ("0.99.99", None),
        ("0.99.99", ago(2)),
        ("1.9.0", None),
        ("1.9.0", ago(9)),
        ("1.9.0", ago(1)),
        ("1.10.0", None),
        ("1.10.0", D),
        ("10.0.0", None),
        ("10.0.0", ago(3)),
    ]


def test_days_of_load_times_end_with_d() -> None:
    rows = load_times([load(1, NOON), load(3, NOON + DAY)], D)
    assert [(row["date"], row["count"], row["p50_ms"]) for row in rows] == [(None, 2, 2.0), (D, 1, 1.0)]


# --- Devices


def test_correlation_is_of_known_users_medians() -> None:
    users = [user(one, device_year=2010 + place) for place, one in enumerate(people(10))]
    rows = [load(100 - 10 * place, NOON, one) for place, one in enumerate(people(10))]
    # The median of the last user's is 10, the mean is more; the stranger's is left out.
    rows += [load(500, NOON + DAY, "u009"), load(1, NOON + DAY, "u009"), load(5, NOON, "stranger")]
    assert device_correlation(rows, users) == [{"app_version": "1.0.0", "users": 10, "spearman": -1.0}]
    assert device_correlation(rows, users[1:])[0] == {"app_version": "1.0.0", "users": 9, "spearman": None}
    same = [user(one, device_year=2020) for one in people(10)]
    assert device_correlation(rows, same)[0]["spearman"] is None
    level = [load(100, NOON, one) for one in people(10)]
    assert device_correlation(level, users)[0]["spearman"] is None


def test_versions_correlate_each_by_itself() -> None:
    users = [user(one, device_year=2010 + place) for place, one in enumerate(people(11))]
    rows = [load(place, NOON, one, "1.10.0") for place, one in enumerate(people(10))]
    rows += [load(5, NOON, "u010", "1.9.0"), load(5, NOON, "stranger", "1.8.0")]
    assert [tuple(row.values()) for row in device_correlation(rows, users)] == [("1.9.0", 1, None), ("1.10.0", 10, 1.0)]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40))
def test_spearman_is_scipys_with_ties(pairs: list[tuple[int, int]]) -> None:
    left, right = ([Fraction(pair[side]) for pair in pairs] for side in (0, 1))
    if len(set(left)) > 1 and len(set(right)) > 1:
        expected = stats.spearmanr([float(one) for one in left], [float(one) for one in right]).statistic
        assert spearman(left, right) == pytest.approx(expected, abs=1e-9)
    else:
        assert spearman(left, right) is None


# --- Anomalies


def days_of(counts: list[int]) -> list[Interaction]:
    """So many users on each of the last days up to D."""
    return [one for days, number in enumerate(reversed(counts)) for one in on(ago(days), *people(number))]


def dau(counts: list[int]) -> list[dict]:
    interactions = days_of(counts)
    return [row for row in anomalies(interactions, sessions_of(interactions, []), D) if row["metric"] == "dau"]


def test_rows_are_in_the_order_of_metrics() -> None:
    rows = anomalies(days_of([1, 0, 2]), sessions_of(days_of([1, 0, 2]), []), D)
    assert [(row["date"], row["metric"], row["value"]) for row in rows] == [
        (ago(2), "dau", 1.0),
        (ago(2), "p95_load_ms", None),
        (ago(2), "sessions", 1.0),
        (ago(1), "dau", 0.0),
        (ago(1), "p95_load_ms", None),
        (ago(1), "sessions", 0.0),
        (D, "dau", 2.0),
        (D, "p95_load_ms", None),
        (D, "sessions", 2.0),
    ]


def test_z_leaves_its_own_day_out() -> None:
    counts = [1, 3] * 7 + [9]
    row = dau(counts)[-1]
    # The mean of 14 days, and the deviation of a sample of 14.
    assert (row["mean"], row["standard_deviation"]) == (2.0, pytest.approx(np.std(counts[:14], ddof=1), rel=1e-15))
    assert row["z"] == pytest.approx(7 / np.sqrt(14 / 13), rel=1e-15)
    assert row["flagged"] is True


def test_below_14_values_all_is_null() -> None:
    rows = dau([1, 3] * 6 + [1, 50])
    assert [(row["mean"], row["standard_deviation"], row["z"], row["flagged"]) for row in rows] == [
        (None, None, None, False)
    ] * 14
    assert rows[-1]["value"] == 50.0


def test_history_is_28_days_without_activity_as_0() -> None:
    row = dau([99, 1, *[0] * 26, 1, 5])[-1]
    assert row["mean"] == 2 / 28
    assert row["same_weekday_week_before"] == 0.0
    assert dau([7, *[0] * 7])[-1]["same_weekday_week_before"] == 7.0
    assert dau([7, *[0] * 6])[-1]["same_weekday_week_before"] is None


@pytest.mark.parametrize(("today", "flagged"), [(2, False), (3, True), (0, True)])
def test_constant_history_flags_what_differs(today: int, flagged: bool) -> None:
    row = dau([2] * 14 + [today])[-1]
    assert (row["mean"], row["standard_deviation"], row["z"], row["flagged"]) == (2.0, 0.0, None, flagged)


@pytest.mark.parametrize(("today", "z", "flagged"), [(12, 3.0, False), (13, 3.5, True), (0, -3.0, False)])
def test_z_beyond_3_is_flagged(today: int, z: float, flagged: bool) -> None:
    # Around 6, the squares of the distances come to 52: a deviation of 2.
    row = dau([1, 11, 5, 7, *[6] * 10, today])[-1]
    assert (row["standard_deviation"], row["z"], row["flagged"]) == (2.0, z, flagged)


def test_p95_flags_slow_days_or_is_absent() -> None:
    rows = [one for days in range(1, 17) for one in loads(20 + days % 2, NOON - DAY * days)]
    rows += [load(1_000, NOON + timedelta(seconds=second)) for second in range(20)]
    # Five days ago there are 19 load times only.
    rows = [one for one in rows if not (one.occurred_at.date() == ago(5) and one.load_ms > 19)]
    found = {row["date"]: row for row in anomalies(rows, [], D) if row["metric"] == "p95_load_ms"}
    assert (found[ago(5)]["value"], found[ago(5)]["mean"]) == (None, None)
    assert (found[D]["value"], found[D]["flagged"]) == (1000.0, True)
    assert found[D]["mean"] == pytest.approx((7 * 20.0 + 8 * 19.05) / 15)
    later = {row["date"]: row for row in anomalies(rows, [], D + 2 * DAY) if row["metric"] == "p95_load_ms"}
    # Absent, with a history: a mean, no z, no flag.
    absent = later[D + DAY]
    assert (absent["value"], absent["z"], absent["flagged"]) == (None, None, False)
    assert absent["mean"] > 19


# --- Files


def test_files_have_exact_texts() -> None:
    rows = [act(NOON, ANN, "page_view", duration_ms=1_800_000, load_ms=12), act(NOON - DAY, ANN)]
    texts = files_of(answers(rows, [user(ANN)], D))
    assert set(texts) == {f"{name}.tsv" for name in COLUMNS}
    assert texts["daily_engagement.tsv"] == (
        "date\tdau\twau_7d\tmau_28d\tmau_month_to_date\tstickiness\tnew_users\twindow_complete\n"
        "2024-05-09\t1\t1\t1\t1\t1.000000\t1\tfalse\n"
        "2024-05-10\t1\t1\t1\t1\t1.000000\t0\tfalse\n"
    )
    assert texts["active_days.tsv"].splitlines()[:3] == ["active_days\tusers", "1\t0", "2\t1"]
    assert texts["power_users.tsv"].splitlines()[1:] == ["1\tann\t0.500\t2\t1.000000"]
    assert texts["retention.tsv"].splitlines()[:2] == [
        "cohort_week\tweek\tcohort_size\tretained_in\tretained_in_or_after\tis_first",
        "2024-05-06\t0\t1\t\t\ttrue",
    ]
    assert texts["country_segments.tsv"].splitlines() == [
        "segment\tusers\tsessions\tmean_duration_seconds\tbounce_rate",
        "other\t1\t2\t900.000\t1.000000",
    ]
    assert texts["load_times.tsv"].splitlines()[1:] == ["1.0.0\t\t1\t12.000\t\t", "1.0.0\t2024-05-10\t1\t12.000\t\t"]
    assert texts["device_correlation.tsv"] == "app_version\tusers\tspearman\n1.0.0\t1\t\n"
    assert texts["anomalies.tsv"].splitlines()[1] == "2024-05-09\tdau\t1.000\t\t\t\tfalse\t"


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("stickiness", 2 / 3, "0.666667"),
        ("active_hours", 1 / 3, "0.333"),
        ("z", -3.5, "-3.500000"),
        ("mean", 2.0, "2.000"),
        ("is_first", True, "true"),
        ("p99_ms", None, ""),
        ("cohort_week", D, "2024-05-10"),
    ],
)
def test_values_are_written_as_stated(column: str, value: object, text: str) -> None:
    assert written(column, value) == text


def test_order_of_rows_changes_no_answer() -> None:
    random = Random(1)
    rows = [one for days in range(30) for one in on(ago(days), *random.sample(people(20), 9), duration_ms=days)]
    rows += [load(random.randrange(99), NOON + timedelta(seconds=place), one) for place, one in enumerate(people(20))]
    users = [user(one, device_year=2010 + place % 3) for place, one in enumerate(people(15))]
    expected = answers(rows, users, D)
    random.shuffle(rows)
    random.shuffle(users)
    assert answers(rows, users, D) == expected
