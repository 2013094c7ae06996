"""Who let a run pass its checks, and why: each claim has its own decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from include.acceptance import UncheckedError, accept, decision_on, not_accepted
from include.publishing import Decision
from include.records import CHECKS
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.published import leave_record

ANN = Decision("ann", "2009-05-05T08:00:00+00:00", "the label agreed")
BOB = Decision("bob", "2009-05-05T09:00:00+00:00", "looked at it")
SCORE, ORDER = "score: found 85", "order: found 1"


def check(lake: Lake, *, critical: Sequence[str] = (), errors: Sequence[str] = (), by: Sequence[str] = CHECKS) -> None:
    for name in by:
        leave_record(lake, name, RUN_DATE, {"critical": list(critical), "errors": list(errors)})


def test_accepted_claim_is_that_of_the_same_data(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE, "names: found 2 of 9 rows unexpected, such as a, b (expect)"], ANN)
    accept(lake, RUN_DATE, [ORDER], BOB)
    again = [SCORE, "names: found 2 of 9 rows unexpected, such as b, a (expect)", ORDER]
    assert not_accepted(lake, RUN_DATE, again) == []
    assert not_accepted(lake, RUN_DATE, ["score: found 84"]) == ["score: found 84"]
    assert not_accepted(lake, RUN_DATE + timedelta(days=1), again) == again


def test_decision_counts_where_a_check_needed_it(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    check(lake)
    assert decision_on(lake, RUN_DATE) is None
    check(lake, critical=[SCORE], by=CHECKS[1:2])
    assert decision_on(lake, RUN_DATE) == ANN


def test_each_claim_keeps_its_decision(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    accept(lake, RUN_DATE, [SCORE, ORDER], BOB)
    check(lake, critical=[SCORE])
    assert decision_on(lake, RUN_DATE) == ANN
    check(lake, critical=[ORDER], by=CHECKS[2:])
    assert decision_on(lake, RUN_DATE) == Decision("ann, bob", BOB.at, "the label agreed; looked at it")


def test_check_marked_as_a_success_is_a_decision(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    check(lake, critical=[SCORE, ORDER])
    decision = decision_on(lake, RUN_DATE)
    assert decision is not None
    assert (decision.by, decision.reason) == (
        "ann, a user of Airflow",
        "the label agreed; a failed check was marked as a success there",
    )


def test_person_who_publishes_is_in_the_decision(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    check(lake, critical=[SCORE, ORDER])
    assert decision_on(lake, RUN_DATE, BOB) == Decision("ann, bob", BOB.at, "the label agreed; looked at it")


def test_check_that_was_not_made_is_no_success(lake: Lake) -> None:
    check(lake)
    check(lake, errors=["sessions: expect_x could not be checked: a lost executor"], by=CHECKS[1:2])
    with pytest.raises(UncheckedError, match="check_sessions of 2009-05-04 .* a lost executor.*; clear check_sessions"):
        decision_on(lake, RUN_DATE)
    assert decision_on(lake, RUN_DATE, BOB) == BOB
