"""A generated notes log has the shares, rhythms and days that are stated."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

import pytest

from include.sample_data.notes import shape
from spark_jobs.logs.notes.contract import ACTIONS
from tests.include.sample_data.notes.made import MadeLog, make
from tests.notes_model import Interaction, Session, User, sessions_of
from tests.notes_model.activity import average_retention, retention
from tests.notes_model.performance import anomalies, device_correlation
from tests.notes_model.sessions import GAP, timed

SATURDAY = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeLog:
    return make(tmp_path_factory.mktemp("shape") / "log", "--interactions", "30000", "--users", "400", "--days", "70")


@pytest.fixture(scope="module")
def accepted(made: MadeLog) -> dict[str, list]:
    return made.judged().accepted


@pytest.fixture(scope="module")
def interactions(accepted: dict[str, list]) -> list[Interaction]:
    return accepted["interactions"]


@pytest.fixture(scope="module")
def users(accepted: dict[str, list]) -> dict[str, User]:
    return {user.user_id: user for user in accepted["users"]}


@pytest.fixture(scope="module")
def sessions(accepted: dict[str, list]) -> list[Session]:
    return sessions_of(*accepted.values())


@pytest.mark.long
def test_million_interactions_take_less_than_15_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    made = make(tmp_path / "log", "--interactions", "1000000")
    assert time.process_time() - began < 15
    assert made.answer["accepted"]["interactions"] == 1_000_000


def test_busiest_user_has_a_tenth(interactions: list[Interaction], tmp_path: Path) -> None:
    (_, most), (_, second), *_ = Counter(one.user_id for one in interactions).most_common()
    assert most == 3_000
    assert second < most / 2
    half = make(tmp_path / "log", "--interactions", "1000", "--hot-share", "0.5").judged().accepted["interactions"]
    assert Counter(one.user_id for one in half).most_common(1)[0][1] == 500


def test_others_come_by_zipfs_law(interactions: list[Interaction]) -> None:
    counts = [count for _, count in Counter(one.user_id for one in interactions).most_common()][1:]
    # The tenth and the hundredth: (100 + 10) / (10 + 10) of the first one's share.
    top, middle = mean(counts[5:15]), mean(counts[90:110])
    assert top / middle == pytest.approx(5.5, rel=0.5)


def test_actions_have_their_shares(interactions: list[Interaction]) -> None:
    counts = Counter(one.action_type for one in interactions)
    for name, share in zip(ACTIONS, shape.ACTION_SHARES, strict=True):
        assert counts[name] / len(interactions) == pytest.approx(share, abs=0.01), name


def test_sessions_have_several_actions(sessions: list[Session]) -> None:
    assert 4 < mean(len(session.run) for session in sessions) < 10
    assert 0.1 < mean(session.is_bounced for session in sessions) < 0.3
    several = [session for session in sessions if not session.is_bounced]
    assert 300 < median(session.duration.total_seconds() for session in several) < 3_600


def test_days_and_weeks_have_a_rhythm(interactions: list[Interaction]) -> None:
    days = Counter(one.occurred_at.date() for one in interactions)
    weekend = [count for day, count in days.items() if day.weekday() >= SATURDAY]
    others = [count for day, count in days.items() if day.weekday() < SATURDAY]
    assert mean(weekend) / mean(others) == pytest.approx(shape.WEEKEND, abs=0.12)
    hours = Counter(one.occurred_at.hour // 6 for one in interactions)
    assert hours[0] < 0.25 * hours[2]


def test_one_day_is_quiet_and_one_slow(interactions: list[Interaction], sessions: list[Session], made: MadeLog) -> None:
    first = made.last_day - timedelta(days=69)
    slow, quiet = (first + timedelta(days=int(70 * share)) for share in (shape.SLOW_DAY, shape.QUIET_DAY))
    days = {one.occurred_at.date() for one in interactions}
    assert {first + timedelta(days=number) for number in range(70)} - days == {quiet}
    flagged = {
        row["date"]
        for row in anomalies(interactions, sessions, made.last_day)
        if row["flagged"] and row["metric"] == "p95_load_ms"
    }
    assert slow in flagged


def test_users_join_before_they_come(interactions: list[Interaction], users: dict[str, User]) -> None:
    first: dict[str, date] = {}
    for one in sorted(interactions, key=lambda one: one.occurred_at):
        first.setdefault(one.user_id, one.occurred_at.date())
    early = [users[user].join_date <= day for user, day in first.items() if user in users]
    assert 0.97 < mean(early) < 1
    assert 0 < len(first.keys() - users.keys()) < 0.02 * len(first)


def test_fewer_come_back_each_week(interactions: list[Interaction], made: MadeLog) -> None:
    shares = average_retention([row for row in retention(interactions, made.last_day) if not row["is_first"]])
    assert shares[0] == (1.0, 1.0)
    assert shares[1][1] > shares[5][1] > 0.1
    assert shares[1][0] < shares[1][1]


def test_versions_roll_out_over_weeks(interactions: list[Interaction]) -> None:
    by_week: dict[int, Counter[str]] = defaultdict(Counter)
    for one in interactions:
        by_week[one.occurred_at.toordinal() // 7][one.app_version] += 1
    weeks = [counts for _, counts in sorted(by_week.items())]
    assert list(weeks[0]) == ["1.8.3"]
    # It is out from the 29th day on, and the next one two weeks later.
    shares = [counts["1.10.0"] / counts.total() for counts in weeks]
    assert shares[3] == 0 < shares[4] < shares[5] < shares[6] < 0.9
    assert {one.app_version for one in interactions} == set(shape.VERSIONS)


def test_old_devices_load_slowly(accepted: dict[str, list]) -> None:
    rows = device_correlation(*accepted.values())
    assert all(row["spearman"] < -0.3 for row in rows if row["users"] > 50)


def test_pauses_reach_the_gap_and_cut_active_time(interactions: list[Interaction]) -> None:
    in_order = timed(interactions)
    own = [(one, after) for one, after in pairwise(in_order) if one.row.user_id == after.row.user_id]
    pauses = Counter(after.row.occurred_at - one.row.occurred_at for one, after in own)
    assert pauses[timedelta(0)] > 20
    assert pauses[GAP] > 5
    cut = [one for one, after in own if (one.row.duration_ms or 0) > one.active / timedelta(milliseconds=1)]
    assert len(cut) > 0.05 * len(in_order)


def test_pages_need_quotes_and_are_popular(interactions: list[Interaction]) -> None:
    pages = Counter(one.page_id for one in interactions)
    assert {'The "30" list', "Plan, v0"} <= set(pages)
    most = [count for _, count in pages.most_common(20)]
    assert most[0] / most[9] == pytest.approx(10, rel=0.3)
