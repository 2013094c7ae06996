"""The report has the answers of the run, also where a log has next to nothing."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal

from jsonschema import Draft202012Validator

from include.report.json_schema import DIRECTORY
from include.report.shop.model import ShopReport
from spark_jobs.conversion.tables import ANSWERS
from spark_jobs.shared.lake import Lake
from tests.include.report.shop.conftest import SCRIPT, small_shop
from tests.include.report.shop.finished import finish, leave_facts, made, report
from tests.shop_logs import RUN_DATE, ShopLog
from tests.shop_model import answers
from tests.shop_model.judged import KINDS
from tests.shop_rows import ANN, BOB, SHOE, SOCK, at, event, order

NO_WARNINGS = {kind: Counter() for kind in KINDS}
SCHEMA = Draft202012Validator(json.loads((DIRECTORY / "shop.schema.json").read_bytes()))
NOTHING = {
    **dict.fromkeys(("days", "sessions", "users", "converted_sessions", "cart_sessions", "abandoned_sessions"), 0),
    **dict.fromkeys(("conversion_rate", "cart_abandonment_rate", "average_order"), None),
    **dict.fromkeys(("gross_revenue", "refunded", "net_revenue", "unattributed_revenue"), Decimal(0)),
    **dict.fromkeys(("orders", "open_sessions", "sessions_without_page_view", "users_without_page_view"), 0),
    **dict.fromkeys(("purchases_outside_order", "open_user_windows"), 0),
}


def test_summary_is_of_the_whole_log(shop: Lake) -> None:
    finish(shop, small_shop())
    found = made(shop)
    assert found.summary.model_dump() == {
        **NOTHING,
        "days": 3,
        "sessions": 3,
        "users": 3,
        "converted_sessions": 1,
        "conversion_rate": 1 / 3,
        "cart_sessions": 2,
        "abandoned_sessions": 1,
        "cart_abandonment_rate": 0.5,
        "orders": 2,
        "gross_revenue": Decimal("1007.50"),
        "refunded": Decimal("2.50"),
        "net_revenue": Decimal("1005.00"),
        "average_order": Decimal("503.75"),
        "unattributed_revenue": Decimal("2.50"),
        "open_sessions": 1,
        "sessions_without_page_view": 1,
        "users_without_page_view": 1,
        "open_user_windows": 2,
    }
    assert found.currency == "EUR"


def test_funnels_days_and_tiers_are_in_order(shop: Lake) -> None:
    finish(shop, small_shop())
    found = made(shop)
    assert [(one.scope, one.segment) for one in found.funnel] == [
        (scope, segment)
        for scope in ("session", "user")
        for segment in "all bronze silver gold platinum unknown desktop mobile tablet other".split()
    ]
    assert [(step.reached, step.median_seconds) for step in found.funnel[0].steps] == [
        (2, None),
        (2, 0.5),
        (2, 0.5),
        (1, 1.0),
        (1, 1.0),
    ]
    assert [(one.day.day, one.sessions, one.conversion_rate) for one in found.daily_metrics] == [
        (8, 1, 1.0),
        (9, 0, None),
        (10, 2, 0.0),
    ]
    assert [one.tier for one in found.tier_metrics] == ["bronze", "silver", "gold", "platinum", "unknown"]


def test_products_have_their_name_of_the_run_date(shop: Lake) -> None:
    finish(shop, small_shop())
    found = made(shop)
    assert [(one.product_id, one.name, one.revenue) for one in found.products] == [
        (SHOE, SCRIPT, Decimal("1007.50")),
        (SOCK, None, Decimal("0.00")),
    ]
    assert [(one.user_id, one.tier, one.net_revenue) for one in found.customers] == [
        (ANN, "gold", Decimal("1005.00")),
        (BOB, "bronze", Decimal("0.00")),
    ]
    assert (found.product_count, found.customer_count) == (2, 2)


def test_only_the_first_hundred_are_in_the_report(shop: Lake) -> None:
    orders = [
        order(str(number), transaction_id=f"{number}", user_id=f"user {number:03}", moment=at("10:00:00"))
        for number in range(1, 121)
    ]
    finish(shop, ShopLog([event("LOGIN", at("10:00:00"))], orders))
    found = made(shop)
    assert (found.customer_count, len(found.customers), found.customers[0].user_id) == (120, 100, "user 120")
    assert len((report(shop) / "customer_value.tsv").read_text().splitlines()) == 121


def test_answers_are_the_files_of_the_model(shop: Lake) -> None:
    log = small_shop()
    finish(shop, log)
    directory = report(shop)
    expected = answers(log.events, log.transactions, log.users, log.products, RUN_DATE, NO_WARNINGS)
    assert {path.name for path in directory.iterdir()} == {
        *(f"{answer.name}.tsv" for answer in ANSWERS),
        "report.html",
        "report.json",
        "report.md",
    }
    for answer in ANSWERS:
        assert (directory / f"{answer.name}.tsv").read_text() == expected.text(answer.name)


def test_several_currencies_are_none(shop: Lake) -> None:
    log = small_shop()
    other = replace(order("1", transaction_id="usd", moment=at("10:00:00")), currency="USD")
    finish(shop, ShopLog(log.events, [*log.transactions, other]))
    assert made(shop).currency is None


def test_empty_log_has_nulls_for_rates(shop: Lake) -> None:
    finish(shop, ShopLog())
    found = made(shop)
    assert found.summary.model_dump() == NOTHING
    assert {step.rate_from_first for one in found.funnel for step in one.steps} == {None}
    assert (found.daily_metrics, found.products, found.customers, found.currency) == ((), (), (), None)


def test_reports_fit_the_schema_and_come_back(shop: Lake) -> None:
    finish(shop, ShopLog())
    empty = json.loads(leave_facts(shop, RUN_DATE).read_text())
    finish(shop, small_shop())
    full = json.loads((report(shop) / "report.json").read_text())
    for found in (empty, full):
        SCHEMA.validate(found)
        assert ShopReport.model_validate(found).model_dump(mode="json") == found
    assert full["summary"]["gross_revenue"] == "1007.50"
