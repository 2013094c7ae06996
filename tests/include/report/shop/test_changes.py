"""The report names what changed most since the answer before, by a rule that it states."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.report.shop.changes import largest_changes, since_previous
from include.report.shop.model import Change, Product, ShopReport
from include.report.shop.sentences import change_says
from spark_jobs.shared.lake import Lake
from tests.include.report.shop.conftest import small_shop
from tests.include.report.shop.finished import PARAMETERS, finish, leave_facts, made
from tests.shop_logs import RUN_DATE, ShopLog

YESTERDAY = RUN_DATE - timedelta(days=1)
Told = Callable[..., ShopReport]


@pytest.fixture
def told(shop: Lake) -> Told:
    """Make a report of a log of 10 days with 100 sessions, 40 orders and 200.00 net, but for what it is told."""
    finish(shop, ShopLog())
    nothing = made(shop)

    def told(**more: Any) -> ShopReport:
        summary = {
            **nothing.summary.model_dump(),
            **{"days": 10, "sessions": 100, "conversion_rate": 0.4, "orders": 40, "net_revenue": Decimal(200)},
            **{"cart_sessions": 50, "cart_abandonment_rate": 0.2, "average_order": Decimal(5)},
            **more.pop("summary", {}),
        }
        return nothing.model_copy(update={"summary": type(nothing.summary)(**summary), "currency": "EUR", **more})

    return told


def product(name: str, revenue: str, buyers: int = 30) -> Product:
    counts = {"view_sessions": 0, "cart_sessions": 0, "buyers": buyers, "units": buyers}
    rates = {"view_to_cart_rate": None, "cart_to_buy_rate": None}
    return Product(product_id=f"id of {name}", name=name, category=None, revenue=Decimal(revenue), **counts, **rates)


def whole(measure: str, before: float, now: float, change: float) -> dict[str, Any]:
    facts = {"before": before, "now": now, "change": pytest.approx(change), "name": None}
    return {"kind": "whole", "subject": "", "measure": measure, **facts}


def of_product(name: str, before: float, now: float, change: float) -> dict[str, Any]:
    facts = {"before": before, "now": now, "change": pytest.approx(change), "name": name}
    return {"kind": "product", "subject": f"id of {name}", "measure": "net_revenue_a_day", **facts}


def changed(then: ShopReport, now: ShopReport) -> list[dict[str, Any]]:
    return [one.model_dump() for one in largest_changes(then, now)]


def test_largest_relative_change_is_first(told: Told) -> None:
    products = {"products": (product("Sock", "40"), product("Shoe", "10"))}
    later = {"products": (product("Sock", "60"), product("Shoe", "8"))}
    assert changed(told(**products), told(**later, summary={"conversion_rate": 0.3})) == [
        of_product("Sock", 4, 6, 0.5),
        whole("conversion_rate", 0.4, 0.3, -0.25),
        of_product("Shoe", 1, 0.8, -0.2),
    ]


def test_one_more_day_like_the_others_is_no_change(told: Told) -> None:
    grown = {"days": 11, "sessions": 110, "orders": 44, "net_revenue": Decimal(220), "cart_sessions": 55}
    assert changed(told(), told(summary=grown)) == []


def test_one_subject_has_only_its_largest_change(told: Told) -> None:
    now = told(summary={"conversion_rate": 0.2, "cart_abandonment_rate": 0.18})
    assert changed(told(), now) == [whole("conversion_rate", 0.4, 0.2, -0.5)]


@pytest.mark.parametrize(("sessions", "changes"), [(29, 0), (30, 1)])
def test_few_sessions_are_not_compared(told: Told, sessions: int, changes: int) -> None:
    few = told(summary={"sessions": sessions, "conversion_rate": 0.1})
    assert len(largest_changes(told(), few)) == changes
    assert len(largest_changes(few, told())) == changes


def test_from_nothing_is_the_largest_change(told: Told) -> None:
    found = largest_changes(told(products=(product("Sock", "0"),)), told(products=(product("Sock", "1"),)))
    assert [(one.before, one.now, one.change) for one in found] == [(0, 0.1, None)]
    assert change_says(found[0], "EUR") == "Revenue a day of \u2068Sock\u2069 rose, from 0.00 EUR to 0.10 EUR."


def test_amounts_of_other_currencies_are_not_compared(told: Told) -> None:
    now = told(summary={"net_revenue": Decimal(900), "average_order": Decimal(9)}, currency="USD")
    assert changed(told(), now) == []
    more = {"orders": 80, "net_revenue": Decimal(900)}
    assert changed(told(), told(summary=more, currency="USD")) == [whole("orders_a_day", 4, 8, 1)]


@pytest.mark.parametrize(
    ("kind", "subject", "measure", "sentence"),
    [
        ("whole", "", "conversion_rate", "The conversion of sessions fell by 50.0%, from 50.0% to 25.0%."),
        ("tier", "gold", "average_order", "The average order in the tier gold fell by 50.0%, from 0.50 to 0.25."),
        (
            "device",
            "other",
            "conversion_rate",
            "The part of sessions that go through the whole funnel on other devices fell "
            "by 50.0%, from 50.0% to 25.0%.",
        ),
        ("day", "2024-05-09", "net_revenue", "Net revenue on 9 May 2024 fell by 50.0%, from 0.50 to 0.25."),
        ("whole", "", "orders_a_day", "The number of orders a day fell by 50.0%, from 0.5 to 0.2."),
    ],
)
def test_changes_are_sentences(kind: Any, subject: str, measure: Any, sentence: str) -> None:
    found = Change(kind=kind, subject=subject, measure=measure, before=0.5, now=0.25, change=-0.5, name=None)
    assert change_says(found, None) == sentence


def test_report_compares_with_the_latest_earlier_date(shop: Lake) -> None:
    for run_date, parameters in ((date(2024, 5, 3), {}), (YESTERDAY, {"session_gap_minutes": 20})):
        finish(shop, small_shop(), run_date)
        leave_facts(shop, run_date, {**PARAMETERS, **parameters})
    finish(shop, small_shop())
    found = made(shop).since_previous
    assert (found.run_date, found.parameters) == (YESTERDAY, {"session_gap_minutes": (20, 30)})
    assert (found.verdict, found.quality_score, found.summary.sessions) == ("good", 99.5, 3)
    assert found.changes == ()


def test_unreadable_earlier_report_costs_only_the_comparison(shop: Lake, caplog: pytest.LogCaptureFixture) -> None:
    finish(shop, small_shop(), YESTERDAY)
    leave_facts(shop, YESTERDAY).write_text("{}")
    finish(shop, small_shop())
    with caplog.at_level(logging.WARNING):
        found = made(shop)
    assert found.since_previous is None
    assert "no comparison with 2024-05-09" in caplog.text
    assert since_previous(shop, found.model_copy(update={"run_date": date(2024, 5, 1)})) is None
