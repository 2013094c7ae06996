"""The notes' model on single records, by examples from the rules."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from tests.notes_model import Interaction, User
from tests.notes_model.records import FIELDS, NAMES
from tests.notes_model.rows import by_column
from tests.notes_model.values import is_blank
from tests.notes_rows import judged, line, verdict


def test_values_become_a_row() -> None:
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert verdict() == Interaction("ann", noon, "page_view", "home", 1500, 20, "1.10.2")
    assert verdict("users") == User("ann", date(2024, 4, 30), "DE", "phone", 2020, "free")
    odd = verdict(page_id='a,"b"\\\r\nc ', duration_ms="", load_ms=" \u3000", timestamp="2024-05-01T14:00:00.250+02:00")
    assert odd == Interaction(
        "ann", noon.replace(microsecond=250_000), "page_view", 'a,"b"\\\r\nc ', None, None, "1.10.2"
    )


def test_first_reason_missing_before_invalid_before_time() -> None:
    early = "2004-12-31T23:59:59.999Z"
    assert verdict(user_id=" ", timestamp="", app_version="1") == "missing_user_id"
    assert verdict(user_id="a\n", app_version="\u3000") == "missing_app_version"
    assert verdict(user_id="a\n", timestamp="x") == "invalid_user_id"
    assert verdict(timestamp=early, app_version="1.0") == "invalid_app_version"
    assert verdict(duration_ms="x", load_ms="x") == "invalid_duration_ms"
    assert verdict(timestamp=early) == "implausible_time"
    assert verdict("users", join_date="2004-12-31", subscription_type="gold") == "invalid_subscription_type"
    assert verdict("users", join_date="2004-12-31") == "implausible_time"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        pytest.param(
            "user_id", [" ", "\U0001f45f" * 64, " a ", "\u2028"], ["x" * 65, "a\tb", "a\x85", "\x7f"], id="user"
        ),
        pytest.param(
            "timestamp",
            [f"2024-05-01T12:00:00{end}" for end in ("Z", ".123Z", "+18:00", "-18:00", "-00:00")]
            + ["2024-02-29T00:00:00Z"],
            [
                f"2024-05-01T12:00:00{end}"
                for end in ("", "z", ".Z", ".1Z", ".1234Z", ",123Z", "+18:01", "+17:60", "+0200")
            ]
            + [
                "2024-05-01T12:00Z",
                "2024-05-01 12:00:00Z",
                "2024-05-01T24:00:00Z",
                "2023-02-29T00:00:00Z",
                " 2024-05-01T12:00:00Z",
            ]
            + ["0000-01-01T12:00:00Z", "2024-05-01T23:59:60Z", "\u0662024-05-01T12:00:00Z"],
            id="time",
        ),
        pytest.param("action_type", ["page_view"], ["Page_view", "page_view ", "view"], id="action"),
        pytest.param("page_id", ["x" * 128, "\x00\n"], ["x" * 129], id="page"),
        pytest.param(
            "duration_ms",
            ["0", "86400000", "007", "0" * 9999 + "1", "", " "],
            ["86400001", "-1", "+1", "1.0", "1e3", " 1", "\u0661", "9" * 9999],
            id="duration",
        ),
        pytest.param("load_ms", ["0", "600000", "", "\t"], ["600001", "x"], id="load"),
        pytest.param(
            "app_version",
            ["0.0.0", "1.10.2", "1." + "9" * 50 + ".3"],
            ["1.0", "1.0.0.0", "01.0.0", "1.00.0", "1.0.0-rc1", "v1.0.0", "1.0.0 ", "1.0.0\n", "1..0"],
            id="version",
        ),
        pytest.param(
            "join_date", ["2005-01-01", "2024-02-29"], ["2024-2-9", "20240209", "2023-02-29", "0000-01-01"], id="day"
        ),
        pytest.param("country", ["DE", "XX"], ["de", "D", "DEU", "\u00c4\u00d6", "D\n"], id="country"),
        pytest.param("device_type", ["phone", "tablet", "desktop"], ["Phone", "other"], id="device"),
        pytest.param("device_year", ["2005", "2100", "02020"], ["2004", "2101", "20"], id="year"),
        pytest.param("subscription_type", ["free", "basic", "premium"], ["gold"], id="subscription"),
    ],
)
def test_fields_take_and_refuse(name: str, good: list[str], bad: list[str]) -> None:
    kind = "interactions" if name in NAMES["interactions"] else "users"
    required = {one.name: one.required for one in FIELDS[kind]}[name]
    # A user of nothing but white space is missing, whatever else holds.
    missing = [text for text in good if is_blank(text)] if required else []
    assert [text for text in good if isinstance(verdict(kind, **{name: text}), str)] == missing
    assert [text for text in bad if verdict(kind, **{name: text}) != f"invalid_{name}"] == []


def test_load_time_of_another_action_is_invalid() -> None:
    assert verdict(action_type="edit") == "invalid_load_ms"
    assert verdict(action_type="edit", load_ms=" ").load_ms is None
    assert verdict(action_type="none") == "invalid_action_type"


@pytest.mark.parametrize(
    ("moment", "is_plausible"),
    [
        ("2004-12-31T23:59:59.999Z", False),
        ("2005-01-01T00:00:00Z", True),
        ("2024-05-11T23:59:59.999Z", True),
        ("2024-05-12T00:00:00Z", False),
        ("2024-05-12T01:59:59+02:00", True),
        ("0001-01-01T00:00:00+18:00", False),
        ("9999-12-31T23:59:59-18:00", False),
    ],
)
def test_time_is_plausible_until_the_next_day(moment: str, is_plausible: bool) -> None:
    assert (verdict(timestamp=moment) != "implausible_time") is is_plausible


def test_join_date_is_plausible_until_the_next_day() -> None:
    days = ("2004-12-31", "2005-01-01", "2024-05-11", "2024-05-12")
    assert [verdict("users", join_date=day) == "implausible_time" for day in days] == [True, False, False, True]


def test_duplicates_are_equal_after_parsing() -> None:
    same = line(timestamp="2024-05-01T14:00:00.000+02:00", duration_ms="01500")
    found = judged(line(), same, line(duration_ms=""), line(duration_ms=" "), line(duration_ms="0"))
    assert found.reasons["interactions"] == Counter(duplicate=2)
    assert [one.duration_ms for one in found.accepted["interactions"]] == [1500, None, 0]


def test_first_record_of_a_user_stays() -> None:
    records = [
        line("users", join_date="2024-04-30", device_year="2021"),
        line("users", join_date="2024-04-30", device_year="2020", subscription_type="premium"),
        line("users", join_date="2024-05-01", country="AA"),
        line("users", join_date="2024-05-01", country="AA"),
        line("users", user_id="bob"),
    ]
    found = judged(line(), users=tuple(records))
    assert found.reasons["users"] == Counter(conflicting_user=2, duplicate=1)
    assert [(one.user_id, one.device_year) for one in found.accepted["users"]] == [("ann", 2020), ("bob", 2020)]


def test_rows_are_ordered_column_by_column() -> None:
    moment = datetime(2024, 5, 1, tzinfo=UTC)
    rows = [Interaction("a", moment, "edit", "p", duration) for duration in (10, 9, None)]
    assert [one.duration_ms for one in sorted(rows, key=by_column)] == [None, 9, 10]


def test_warnings_are_counted_in_accepted_records() -> None:
    long, longer = line(duration_ms="28800000"), line(duration_ms="28800001")
    before = line(timestamp="2024-04-29T23:59:59.999Z")
    unknown = line(user_id="bob", duration_ms="86400000")
    found = judged(
        long, longer, longer, before, unknown, line(timestamp="2024-04-30T00:00:00Z"), users=(line("users"),)
    )
    assert found.reasons["interactions"] == Counter(duplicate=1)
    assert found.warnings == Counter(longer_than_8_hours=2, before_join_date=1, unknown_user=1)
