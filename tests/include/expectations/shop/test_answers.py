"""The answers of a shop agree with one another, and a change of any of them shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from include.expectations.shop.checks import FUNNEL_ROWS, conversion_percent, differences, steps_that_grow
from include.expectations.shop.suites import AGREEMENTS
from tests.shop_logs import RUN_DATE
from tests.shop_model import User, answers
from tests.shop_rows import ANN, BOB, at, order, steps

TEN = at("10:00:00", 9)
EVENTS = [*steps(TEN, TEN, TEN, TEN, TEN), *steps(TEN, TEN, TEN, user_id=BOB)]
FOUND = answers(
    EVENTS,
    [order("5.00", moment=TEN), order("2.50", "refunded", TEN, transaction_id="alone", user_id=BOB)],
    [User(ANN, "gold", TEN)],
    [],
    RUN_DATE,
)


def frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(FOUND.tables[name])


def found(**changed: Any) -> dict[str, float]:
    """Return the differences between the answers, some of which are changed."""
    customers = frame("customer_value")
    given = {
        "steps": frame("funnel"),
        "tiers": frame("tier_metrics"),
        "totals": dict(zip(frame("summary")["metric"], frame("summary")["value"].map(Decimal), strict=True)),
        "customers": {"orders": int(customers.orders.sum()), "gross": sum(customers.gross_revenue, Decimal(0))},
        "events": len(EVENTS),
    }
    return differences(**(given | changed))


def test_answers_of_the_model_agree() -> None:
    assert found() == dict.fromkeys(AGREEMENTS, 0)
    assert (steps_that_grow(frame("funnel")), len(frame("funnel"))) == (0, FUNNEL_ROWS)


@pytest.mark.parametrize(
    ("answer", "column", "differing"),
    [
        ("tiers", "sessions", {"sessions_not_in_a_tier": 5}),
        ("tiers", "events", {"events_not_in_a_tier": 5}),
        ("tiers", "gross_revenue", {"revenue_not_in_a_tier": 5}),
    ],
)
def test_tier_that_has_too_much_shows(answer: str, column: str, differing: dict[str, float]) -> None:
    tiers = frame("tier_metrics")
    tiers[column] = tiers[column] + 1
    assert found(**{answer: tiers}) == dict.fromkeys(AGREEMENTS, 0) | differing


def test_segment_that_has_too_much_shows() -> None:
    for kind, segments, name in (("tier", 5, "funnel_not_in_tiers"), ("device", 4, "funnel_not_in_devices")):
        steps = frame("funnel")
        steps.loc[steps.segment_kind == kind, "reached"] += 1
        # Ten steps of both scopes.
        assert found(steps=steps) == dict.fromkeys(AGREEMENTS, 0) | {name: 10 * segments}


@pytest.mark.parametrize(
    ("metric", "differing"),
    [
        ("sessions_without_page_view", ["sessions_not_in_funnel"]),
        ("users_without_page_view", ["users_not_in_funnel"]),
        ("orders", ["orders_not_of_a_customer"]),
        ("unattributed_revenue", ["revenue_not_in_a_tier"]),
    ],
)
def test_summary_that_says_more_shows(metric: str, differing: list[str]) -> None:
    totals = dict(zip(frame("summary")["metric"], frame("summary")["value"].map(Decimal), strict=True))
    totals[metric] += 1
    assert found(totals=totals) == dict.fromkeys(AGREEMENTS, 0) | dict.fromkeys(differing, 1)


def test_customers_that_have_less_show() -> None:
    less = found(customers={"orders": None, "gross": None})
    assert less == dict.fromkeys(AGREEMENTS, 0) | {"orders_not_of_a_customer": 2, "revenue_not_of_a_customer": 7.5}


def test_step_reached_more_often_than_before_shows() -> None:
    steps = frame("funnel")
    steps.loc[(steps.segment_kind == "all") & (steps.step == 5), "reached"] += 7
    assert steps_that_grow(steps) == 2


def test_conversion_of_no_session_is_unknown() -> None:
    assert conversion_percent(frame("tier_metrics")) == 50
    assert conversion_percent(frame("tier_metrics").head(0)) is None
