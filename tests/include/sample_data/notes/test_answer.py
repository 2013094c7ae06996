"""The answer beside a log is what an independent count of its records gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sample_data.notes import generate_log, shape
from spark_jobs.contract import Records
from spark_jobs.logs.notes.contract import NOTES
from tests.include.sample_data.notes.made import SMALL, MadeLog, make
from tests.notes_model import KINDS, sessions_of
from tests.notes_model.activity import active_days, daily_engagement
from tests.notes_model.exact import milliseconds
from tests.notes_model.performance import anomalies, load_times

PARTS = ("--interactions", "6000", "--users", "300", "--days", "31", "--daily", "3", "--seed", "7")
MUCH_DIRT = {"DUPLICATES": 0.2, "DAMAGED": 0.1, "TIES": 0.3, "OPEN_TABS": 0.3, "PAUSES_OF_THE_GAP": 0.05}
LOGS = [
    pytest.param(((*SMALL, "--odd-records"), {}), id="a small log"),
    pytest.param((("--interactions", "1000", "--users", "2", "--days", "1", "--odd-records"), {}), id="one busy day"),
    pytest.param(((*SMALL, "--hot-share", "0"), {}), id="nobody is busy"),
    pytest.param((PARTS, MUCH_DIRT), id="daily parts with much dirt"),
]


@pytest.fixture(scope="module", params=LOGS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeLog]:
    options, shares = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate_log, "INTERACTIONS_A_BLOCK", 1_000)
        for name, share in shares.items():
            patch.setattr(shape, name, share)
        yield make(tmp_path_factory.mktemp("notes") / "log", *options)


def test_counts_of_records_equal_the_models(made: MadeLog) -> None:
    judged = made.judged()
    assert judged.left_out == []
    for kind in KINDS:
        rejected = made.answer["rejected"][kind]
        assert made.answer["accepted"][kind] == len(judged.accepted[kind]), kind
        assert rejected == judged.reasons[kind], kind
        assert made.answer["records"][kind] == len(judged.accepted[kind]) + sum(rejected.values()), kind
    assert made.answer["warnings"] == {"interactions": judged.warnings, "users": {}}
    actions = Counter(one.action_type for one in judged.accepted["interactions"])
    assert made.answer["interactions_by_action"] == actions


def test_users_and_sessions_equal_the_models(made: MadeLog) -> None:
    accepted = made.judged().accepted
    interactions, sessions = accepted["interactions"], sessions_of(*accepted.values())
    counts = {
        "users": len({one.user_id for one in interactions}),
        "users_in_28_days": sum(row["users"] for row in active_days(interactions, made.last_day)),
        "sessions": len(sessions),
        "bounced_sessions": sum(session.is_bounced for session in sessions),
        "sessions_without_duration": sum(session.duration is None for session in sessions),
        "active_ms": sum(milliseconds(session.active) for session in sessions),
    }
    assert {name: made.answer[name] for name in counts} == counts
    versions = {row["app_version"]: row["count"] for row in load_times(interactions, made.last_day) if not row["date"]}
    assert made.answer["load_times_by_version"] == versions


def test_days_equal_the_models(made: MadeLog) -> None:
    accepted = made.judged().accepted
    interactions, sessions = accepted["interactions"], sessions_of(*accepted.values())
    dau = {str(row["date"]): row["dau"] for row in daily_engagement(interactions, made.last_day)}
    rows = anomalies(interactions, sessions, made.last_day)
    starts = {str(row["date"]): row["value"] for row in rows if row["metric"] == "sessions"}
    # The log's first days may have nobody; the answers begin with the first one that has.
    first = min(dau)
    for name, expected in (("users_by_day", dau), ("sessions_by_day", starts)):
        assert {day: count for day, count in made.answer[name].items() if day >= first} == expected, name
        assert not any(count for day, count in made.answer[name].items() if day < first), name


@pytest.mark.parametrize("records", NOTES.kinds, ids=lambda records: records.name)
def test_small_log_has_every_reason_and_warning(tmp_path: Path, records: Records) -> None:
    answer = make(tmp_path / "log", *SMALL, "--odd-records").answer
    assert set(answer["rejected"][records.name]) == set(records.reason_names)
    assert set(answer["warnings"][records.name]) == set(records.warning_names)
