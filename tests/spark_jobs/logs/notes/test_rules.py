"""What each kind of bad record of the notes becomes, and what is kept of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.contract import DUPLICATE
from spark_jobs.logs.notes.contract import CSV, INTERACTIONS, NOTES, USERS
from spark_jobs.logs.notes.rules import RULES
from spark_jobs.shared.lake import Lake
from tests.notes_logs import RUN_DATE
from tests.spark_jobs.logs.notes.judged import Judged, judge

HEADERS = {"interactions": INTERACTIONS, "users": USERS}
GOOD = {
    "interactions": {
        "user_id": "ann",
        "timestamp": "2024-05-01T12:00:00Z",
        "action_type": "page_view",
        "page_id": "home",
        "duration_ms": "5",
        "load_ms": "7",
        "app_version": "1.10.2",
    },
    "users": {
        "user_id": "ann",
        "join_date": "2024-05-01",
        "country": "DE",
        "device_type": "phone",
        "device_year": "2020",
        "subscription_type": "free",
    },
}


def line(kind: str, **values: str) -> bytes:
    return ",".join({**GOOD[kind], **values}.values()).encode("utf-8", "surrogateescape")


def of(kind: str, page: str = "", **values: str) -> bytes:
    """A record that no other one equals, by its page or user."""
    own = {"page_id": page} if kind == "interactions" else {"user_id": page}
    return line(kind, **own | values)


# By a name that is each record's own value, so that no two are equal.
INTERACTION_CASES: dict[str, tuple[bytes, str | None]] = {
    "good": (of("interactions", "good"), None),
    "quoted": (b'"ann","2024-05-01T12:00:00.250+02:00","edit","a,""b""\r\nc","","","0.0.0"', None),
    "backslash": (of("interactions", "\\"), None),
    "text behind a quote": (of("interactions", '"a"b"c'), None),
    "a quote in text": (of("interactions", 'a"b"'), None),
    "white space around": (of("interactions", " page "), None),
    "page of 128": (of("interactions", "\U0001f4dd" * 128), None),
    "page of 129": (of("interactions", "x" * 129), "invalid_page_id"),
    "blank page": (of("interactions", "\u2003"), "missing_page_id"),
    "user of 65": (of("interactions", "u65", user_id="u" * 65), "invalid_user_id"),
    "tab in user": (of("interactions", "tab", user_id="a\tb"), "invalid_user_id"),
    "no fraction of two": (of("interactions", "two", timestamp="2024-05-01T12:00:00.25Z"), "invalid_timestamp"),
    "no zone": (of("interactions", "zone", timestamp="2024-05-01T12:00:00"), "invalid_timestamp"),
    "30 February": (of("interactions", "feb", timestamp="2024-02-30T12:00:00Z"), "invalid_timestamp"),
    "capitals": (of("interactions", "EDIT", action_type="EDIT"), "invalid_action_type"),
    "blank numbers": (of("interactions", "blank", duration_ms=" ", load_ms=""), None),
    "zeros in front": (of("interactions", "zeros", duration_ms="0" * 30 + "5"), None),
    "sign": (of("interactions", "sign", duration_ms="+5"), "invalid_duration_ms"),
    "space before number": (of("interactions", "space", duration_ms=" 5"), "invalid_duration_ms"),
    "a day": (of("interactions", "day", duration_ms="86400000"), None),
    "over a day": (of("interactions", "over", duration_ms="86400001"), "invalid_duration_ms"),
    "a number of 30 digits": (of("interactions", "30", duration_ms="1" * 30), "invalid_duration_ms"),
    "load of an edit": (of("interactions", "load", action_type="edit"), "invalid_load_ms"),
    "blank load of an edit": (of("interactions", "noload", action_type="edit", load_ms="\u3000"), None),
    "load over 10 minutes": (of("interactions", "slow", load_ms="600001"), "invalid_load_ms"),
    "version of two": (of("interactions", "v2", app_version="1.2"), "invalid_app_version"),
    "version with zero": (of("interactions", "v0", app_version="1.02.3"), "invalid_app_version"),
    "missing first": (of("interactions", "first", user_id="a\tb", app_version=""), "missing_app_version"),
    "2004": (of("interactions", "2004", timestamp="2004-12-31T23:59:59.999Z"), "implausible_time"),
    "2005": (of("interactions", "2005", timestamp="2005-01-01T00:00:00Z"), None),
    "end of next day": (of("interactions", "next", timestamp="2024-07-01T23:59:59.999Z"), None),
    "two days after": (of("interactions", "after", timestamp="2024-07-02T00:00:00Z"), "implausible_time"),
    "year 9999": (of("interactions", "9999", timestamp="9999-12-31T23:59:59-18:00"), "implausible_time"),
    "an empty line": (b"", "field_count"),
    "a field more": (line("interactions") + b",x", "field_count"),
    "a field less": (b'ann,"2024-05-01T12:00:00Z",page_view,home,5,7', "field_count"),
    "commas": (b"," * 1000, "field_count"),
    "quotes": (b'"' * 1000, "field_count"),
    "the header again": (",".join(GOOD["interactions"]).encode(), "invalid_timestamp"),
    "Latin-1": (of("interactions", "caf\udce9"), "invalid_encoding"),
    "Latin-1 and a field less": (b"\xe9", "invalid_encoding"),
    "over a megabyte": (of("interactions", "x" * CSV.longest_record), "malformed_csv"),
}
USER_CASES: dict[str, tuple[bytes, str | None]] = {
    "good": (of("users", "good"), None),
    "no day": (of("users", "noday", join_date="2023-02-29"), "invalid_join_date"),
    "a time": (of("users", "time", join_date="2024-05-01T00:00:00Z"), "invalid_join_date"),
    "year 0": (of("users", "year0", join_date="0000-01-01"), "invalid_join_date"),
    "2004": (of("users", "2004", join_date="2004-12-31"), "implausible_time"),
    "next day": (of("users", "next", join_date="2024-07-01"), None),
    "two days after": (of("users", "after", join_date="2024-07-02"), "implausible_time"),
    "country": (of("users", "country", country="de"), "invalid_country"),
    "device": (of("users", "device", device_type="Phone"), "invalid_device_type"),
    "year 2004": (of("users", "y2004", device_year="2004"), "invalid_device_year"),
    "no year": (of("users", "noyear", device_year=""), "missing_device_year"),
    "subscription": (of("users", "sub", subscription_type="gold"), "invalid_subscription_type"),
    "user": (of("users", " "), "missing_user_id"),
}
CASES = {"interactions": INTERACTION_CASES, "users": USER_CASES}


def file_of(kind: str, end: bytes) -> bytes:
    return end.join([",".join(GOOD[kind]).encode(), *(record for record, _ in CASES[kind].values())]) + end


@pytest.fixture(scope="module", params=[b"\n", b"\r\n"], ids=["LF", "CRLF"])
def judged(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Judged:
    """All cases, judged in one run."""
    lake = Lake(str(tmp_path_factory.mktemp("cases") / "lake"), "notes")
    files = {f"{kind}/1.csv": file_of(kind, request.param) for kind in CASES}
    return judge(spark, lake, files, RUN_DATE)


@pytest.mark.parametrize("kind", CASES)
def test_each_bad_record_has_its_reason_and_is_kept_whole(judged: Judged, kind: str) -> None:
    end = b"\r" if any(kept.endswith(b"\r") for *_, kept in judged.rejected) else b""
    expected = Counter((reason, (record + end)[:_MOST]) for record, reason in CASES[kind].values() if reason)
    assert Counter((reason, kept[:_MOST]) for of, reason, _, _, kept in judged.rejected if of == kind) == expected
    accepted = [record for record, reason in CASES[kind].values() if reason is None]
    assert len(judged.accepted[kind]) == len(accepted)


_MOST = 10_000


def test_values_are_those_between_the_commas(judged: Judged) -> None:
    pages = {row["page_id"] for row in judged.accepted["interactions"]}
    assert {'a,"b"\r\nc', "\\", 'ab"c', 'a"b"', " page ", "\U0001f4dd" * 128} < pages
    (quoted,) = (row for row in judged.accepted["interactions"] if row["app_version"] == "0.0.0")
    assert quoted["occurred_at"].isoformat() == "2024-05-01T10:00:00.250000+00:00"
    assert (quoted["duration_ms"], quoted["load_ms"]) == (None, None)


def test_warnings_are_counted_over_accepted_records(judged: Judged) -> None:
    accepted = len(judged.accepted["interactions"])
    assert judged.record.log_warnings == {
        # The only user has no record: those of the users' cases are others.
        "interactions": {"longer_than_8_hours": 1, "unknown_user": accepted, "before_join_date": 0},
        "users": {},
    }


@pytest.mark.parametrize("records", NOTES.kinds, ids=lambda records: records.name)
def test_every_reason_and_warning_has_a_rule(spark: SparkSession, records: object) -> None:
    rules = RULES[records.name]
    others = [records.conflicting] if records.conflicting else []
    assert [*rules.reasons(RUN_DATE), DUPLICATE, *others] == list(records.reason_names)
    assert tuple(rules.warnings()) == records.own_warnings


def test_equal_values_are_duplicates_however_written(spark: SparkSession, tmp_path: Path) -> None:
    spelled = [
        line("interactions"),
        line("interactions", timestamp="2024-05-01T14:00:00.000+02:00", duration_ms="005"),
        b'"' + b'","'.join(line("interactions").split(b",")) + b'"',
    ]
    files = {"interactions/1.csv": b"\n".join([",".join(GOOD["interactions"]).encode(), *spelled])}
    found = judge(spark, Lake(str(tmp_path / "lake"), "notes"), files, RUN_DATE)
    assert len(found.accepted["interactions"]) == 1
    assert [reason for _, reason, *_ in found.rejected] == [DUPLICATE, DUPLICATE]
    # Which of them stays is nobody's business; each of the others is kept as it came.
    assert {kept for *_, kept in found.rejected} < set(spelled)


def test_first_record_of_a_user_stays(spark: SparkSession, tmp_path: Path) -> None:
    kept = [
        line("users", country="FR"),
        line("users", country="FR"),
        line("users", country="US", device_type="tablet"),
        line("users", join_date="2024-04-30", country="ZZ", device_year="2019"),
        line("users", join_date="2024-04-30", country="ZZ", device_year="2020"),
        line("users", user_id="ben"),
        # No record, though its first text is a user's.
        b"ben",
    ]
    interactions = b"\n".join([",".join(GOOD["interactions"]).encode(), line("interactions")])
    users = b"\n".join([",".join(GOOD["users"]).encode(), *kept])
    files = {"interactions/1.csv": interactions, "users/1.csv": users}
    found = judge(spark, Lake(str(tmp_path / "lake"), "notes"), files, RUN_DATE)
    assert {(row["user_id"], str(row["join_date"]), row["device_year"]) for row in found.accepted["users"]} == {
        ("ann", "2024-04-30", 2019),
        ("ben", "2024-05-01", 2020),
    }
    assert found.reasons["users"] == {"field_count": 1, DUPLICATE: 1, "conflicting_user": 3}
    conflicting = {kept for _, reason, _, _, kept in found.rejected if reason == "conflicting_user"}
    assert conflicting == {kept[0], kept[2], kept[4]}
