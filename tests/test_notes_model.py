"""The notes' model on sessions and segments, worked out by hand from the rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.notes_model import Interaction, session_rows, sessions_of
from tests.notes_model.segments import mean_durations, segment_rows
from tests.notes_rows import ANN, BOB, HOUR, MILLISECOND, D, act, ago, at, column, on, people, user


@pytest.mark.parametrize(("pause", "number"), [("10:30:00.000", 1), ("10:30:00.001", 2)])
def test_more_than_30_minutes_open_a_session(pause: str, number: int) -> None:
    # How long the first lasted plays no part.
    assert len(sessions_of([act(at("10:00:00"), duration_ms=9 * HOUR), act(at(pause))], [])) == number


def test_midnight_never_splits_and_users_do() -> None:
    found = sessions_of([act(at("23:59:00", ago(1))), act(at("00:01:00")), act(at("00:01:00"), BOB)], [])
    assert [(one.user_id, len(one.run), one.duration) for one in found] == [
        (ANN, 2, timedelta(minutes=2)),
        (BOB, 1, None),
    ]


def test_active_time_ends_where_the_next_starts() -> None:
    first, second, next_session = at("10:00:00"), at("10:10:00"), at("12:00:00")
    rows = [act(first, duration_ms=600_001), act(second, duration_ms=9 * HOUR), act(next_session, duration_ms=5_500)]
    one, other = session_rows(sessions_of(rows, []))
    assert (one["active_seconds"], one["ended_at"], one["duration_seconds"]) == (600 + 6_600, next_session, 7_200)
    assert (other["active_seconds"], other["duration_seconds"]) == (5.5, 5.5)


def test_only_a_lone_empty_duration_is_null() -> None:
    def durations(*rows: Interaction) -> list:
        return column(session_rows(sessions_of(rows, [])), "duration_seconds")

    assert durations(act(at("10:00:00"))) == [None]
    assert durations(act(at("10:00:00"), duration_ms=0)) == [0]
    assert durations(act(at("10:00:00")), act(at("10:00:00"), page_id="q")) == [0]
    assert durations(act(at("10:00:00"), duration_ms=7_000), act(at("10:00:05"))) == [5]


def test_equal_times_by_action_page_values() -> None:
    noon = at("12:00:00")
    rows = [
        act(noon, action_type="share", page_id="a", duration_ms=1),
        act(noon, action_type="edit", page_id="b", duration_ms=10),
        act(noon, action_type="edit", page_id="b", duration_ms=9),
        act(noon, action_type="edit", page_id="b"),
        act(noon, action_type="edit", page_id="a", duration_ms=99),
        act(noon, action_type="page_view", page_id="z", duration_ms=99),
    ]
    (session,) = sessions_of(rows, [])
    assert [one.row for one in session.run] == rows[::-1]
    # The last of them alone is active.
    assert session.active == MILLISECOND


def test_session_counts_actions_and_pages() -> None:
    rows = [act(at(f"10:00:0{second}"), action_type=name) for second, name in enumerate(("edit", "share", "edit"))]
    (session,) = sessions_of([*rows, act(at("10:01:00"), page_id="q")], [user(ANN, country="FR")])
    (row,) = session_rows([session])
    counts = ("page_view_count", "edit_count", "create_count", "delete_count", "share_count")
    assert column([row], *counts, "interaction_count", "distinct_page_count") == [(0, 3, 0, 0, 1, 4, 2)]
    assert (session.country, session.device_type, session.is_bounced) == ("FR", "phone", False)
    assert sessions_of(rows[:1], [])[0].subscription_type == "unknown"


def test_means_are_over_all_or_two_and_more() -> None:
    rows = [act(at("10:00:00")), act(at("12:00:00")), act(at("12:00:10"), duration_ms=2_000)]
    assert mean_durations(sessions_of(rows, [])) == (6.0, 12.0)
    assert mean_durations([]) == (None, None)


def test_segments_of_five_users_stand() -> None:
    users = [user(one, country="DE") for one in people(5)] + [user(one, country="FR") for one in people(5, "f")]
    rows = [*on(D, *people(5)), *on(ago(1), *people(5, "f"), duration_ms=3_000), *on(D, "f000")]
    found = segment_rows(sessions_of(rows, users), "country")
    assert column(found, "segment", "users", "sessions", "mean_duration_seconds", "bounce_rate") == [
        ("DE", 5, 5, 0.0, 1.0),
        ("FR", 5, 6, 2.5, 1.0),
    ]


@pytest.mark.parametrize(
    ("sizes", "segments"),
    [
        pytest.param({"DE": 6, "FR": 4, "US": 1}, {"DE": 6, "other": 5}, id="small ones alone"),
        pytest.param({"DE": 6, "FR": 5, "ES": 5, "US": 4}, {"DE": 6, "FR": 5, "other": 9}, id="of equal ones by name"),
        pytest.param({"DE": 6, "FR": 1}, {"other": 7}, id="nothing is left"),
        pytest.param({"FR": 1}, {"other": 1}, id="fewer than five in all"),
        pytest.param({"DE": 5, "unknown": 2, "FR": 2, "US": 9}, {"US": 9, "other": 9}, id="unknown is one of them"),
    ],
)
def test_small_segments_become_other(sizes: dict[str, int], segments: dict[str, int]) -> None:
    users = [(country, one) for country, number in sizes.items() for one in people(number, country)]
    known = [user(one, country=country) for country, one in users if country != "unknown"]
    found = segment_rows(
        sessions_of(on(D, *(one for _, one in users)), [*known, user("without", country="US")]), "country"
    )
    assert column(found, "segment", "users") == list(segments.items())
