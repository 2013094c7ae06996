from __future__ import annotations

from datetime import timedelta

from include.acceptance import accept, decision_on, not_accepted
from include.publishing import Decision
from include.records import CHECKS
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.published import leave_record

DECISION = Decision("ann", "2009-05-05T08:00:00+00:00", "the label agreed")


def test_accepted_claim_is_that_of_the_same_data(lake: Lake) -> None:
    accept(lake, RUN_DATE, ["score: found 85", "names: found 2 of 9 rows unexpected, such as a, b (expect)"], DECISION)
    accept(lake, RUN_DATE, ["order: found 1"], DECISION)
    again = ["score: found 85", "names: found 2 of 9 rows unexpected, such as b, a (expect)", "order: found 1"]
    assert not_accepted(lake, RUN_DATE, again) == []
    assert not_accepted(lake, RUN_DATE, ["score: found 84"]) == ["score: found 84"]
    assert not_accepted(lake, RUN_DATE + timedelta(days=1), again) == again


def test_decision_counts_where_a_check_needed_it(lake: Lake) -> None:
    accept(lake, RUN_DATE, ["score: found 85"], DECISION)
    for check in CHECKS:
        leave_record(lake, check, RUN_DATE, {"critical": []})
    assert decision_on(lake, RUN_DATE) is None
    leave_record(lake, CHECKS[1], RUN_DATE, {"critical": ["score: found 85"]})
    assert decision_on(lake, RUN_DATE) == DECISION


def test_check_marked_as_a_success_is_a_decision(lake: Lake) -> None:
    for check in CHECKS:
        leave_record(lake, check, RUN_DATE, {"critical": ["score: found 85"]})
    decision = decision_on(lake, RUN_DATE)
    assert decision is not None
    assert decision.by == "a user of Airflow"
