"""Who let a run pass its checks, and why: each claim has its own decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from include.runs.acceptance import UncheckedError, accept, decision_on, not_accepted
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import Decision
from spark_jobs.shared.records import CheckRecord
from tests.logs import RUN_DATE
from tests.records import told

ANN = Decision(by="ann", at="2009-05-05T08:00:00Z", reason="the label agreed")
BOB = Decision(by="bob", at="2009-05-05T09:00:00Z", reason="looked at it")
BOTH = Decision(by="ann, bob", at=BOB.at, reason="the label agreed; looked at it")
SCORE, ORDER = "score: found 85", "order: found 1"


def checks(*claims: str, errors: Sequence[str] = ()) -> list[CheckRecord]:
    """Return the records of a run's checks; the last one has these unmet claims and errors."""
    *good, last = LISTENING.checks
    of_last = told(LISTENING, last, RUN_DATE, {"critical": claims, "errors": errors})
    return [*(told(LISTENING, check, RUN_DATE, {}) for check in good), of_last]


def test_accepted_claim_is_that_of_the_same_data(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE, "names: found 2 of 9 rows unexpected, such as a, b (expect)"], ANN)
    accept(lake, RUN_DATE, [ORDER], BOB)
    again = [SCORE, "names: found 2 of 9 rows unexpected, such as b, a (expect)", ORDER]
    assert not_accepted(lake, RUN_DATE, again) == []
    assert not_accepted(lake, RUN_DATE, ["score: found 84"]) == ["score: found 84"]
    assert not_accepted(lake, RUN_DATE + timedelta(days=1), again) == again


def test_decision_counts_where_a_check_needed_it(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    assert decision_on(lake, RUN_DATE, checks()) is None
    assert decision_on(lake, RUN_DATE, checks(SCORE)) == ANN


def test_each_claim_keeps_its_decision(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    accept(lake, RUN_DATE, [SCORE, ORDER], BOB)
    assert decision_on(lake, RUN_DATE, checks(SCORE)) == ANN
    assert decision_on(lake, RUN_DATE, checks(SCORE, ORDER)) == BOTH


def test_check_marked_as_a_success_is_a_decision(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    decision = decision_on(lake, RUN_DATE, checks(SCORE, ORDER))
    assert decision is not None
    assert (decision.by, decision.reason) == (
        "ann, a user of Airflow",
        "the label agreed; a failed check was marked as a success there",
    )


def test_person_who_publishes_is_in_the_decision(lake: Lake) -> None:
    accept(lake, RUN_DATE, [SCORE], ANN)
    assert decision_on(lake, RUN_DATE, checks(SCORE, ORDER), BOB) == BOTH


def test_check_that_was_not_made_is_no_success(lake: Lake) -> None:
    lost = checks(errors=["top_songs: expect_x could not be checked: a lost executor"])
    with pytest.raises(UncheckedError, match="check_top_songs of 2009-05-04 .*a lost executor.* clear check_top_songs"):
        decision_on(lake, RUN_DATE, lost)
    assert decision_on(lake, RUN_DATE, lost, BOB) == BOB
