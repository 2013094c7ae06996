"""The answer beside a log is what an independent count of its lines gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from include.sample_data.shop import generate_log, shape
from spark_jobs.contract import Records
from spark_jobs.logs.shop.contract import SHOP
from tests.include.sample_data.shop.made import KINDS, SMALL, MadeLog, make
from tests.shop_model import answers

PARTS = ("--events", "6000", "--users", "90", "--days", "9", "--daily", "3", "--seed", "7")
MUCH_DIRT = {"DUPLICATES": 0.2, "SHARED_CLIENT_SESSIONS": 0.4, "REUSED_EVENT_IDS": 0.4}
LOGS = [
    pytest.param(((*SMALL, "--odd-records"), {}), id="the sample log"),
    pytest.param((("--events", "1000", "--users", "2", "--odd-records"), {}), id="two busy users"),
    pytest.param((PARTS, MUCH_DIRT), id="daily parts with much dirt"),
]


@pytest.fixture(scope="module", params=LOGS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeLog]:
    options, shares = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate_log, "USERS_A_BLOCK", 40)
        for name, share in shares.items():
            patch.setattr(shape, name, share)
        yield make(tmp_path_factory.mktemp("shop") / "log", *options)


def test_counts_of_records_equal_the_models(made: MadeLog) -> None:
    judged = made.judged()
    for kind in KINDS:
        rejected = made.answer["rejected"][kind]
        assert made.answer["accepted"][kind] == len(judged.accepted[kind]), kind
        assert rejected == judged.reasons[kind], kind
        assert made.answer["records"][kind] == len(judged.accepted[kind]) + sum(rejected.values()), kind
        assert made.answer["warnings"][kind] == +judged.warnings[kind], kind
    assert made.answer["events_by_type"] == Counter(event.event_type for event in judged.accepted["events"])


def test_sessions_orders_and_funnel_equal_the_models(made: MadeLog) -> None:
    judged = made.judged()
    right = answers(*(judged.accepted[kind] for kind in KINDS), made.last_day, judged.warnings)
    summary = {row["metric"]: Decimal(row["value"]) for row in right.tables["summary"]}
    del summary["open_user_windows"]
    assert {name: Decimal(made.answer[name]) for name in summary} == summary
    funnel = [row for row in right.tables["funnel"] if (row["scope"], row["segment_kind"]) == ("session", "all")]
    assert made.answer["funnel_by_session"] == {row["event_type"]: row["reached"] for row in funnel}
    assert made.answer["converted_sessions"] == sum(session.is_converted for session in right.sessions)
    for name in ("cart_sessions", "abandoned_sessions"):
        assert made.answer[name] == sum(row[name] for row in right.tables["tier_metrics"]), name


@pytest.mark.parametrize("records", SHOP.kinds, ids=lambda records: records.name)
def test_small_log_has_every_reason_and_warning(tmp_path: Path, records: Records) -> None:
    answer = make(tmp_path / "log", *SMALL, "--odd-records").answer
    assert set(answer["rejected"][records.name]) == set(records.reason_names)
    assert set(answer["warnings"][records.name]) == set(records.warning_names)
