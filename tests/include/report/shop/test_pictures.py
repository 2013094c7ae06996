"""The pictures of the shop show what the answers say, in words too."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from include.report.picture import Picture
from include.report.shop.day_picture import drawn
from include.report.shop.model import Day, ShopReport, Tier
from include.report.shop.pictures import pictures
from spark_jobs.shared.lake import Lake
from tests.include.report.shop.conftest import small_shop
from tests.include.report.shop.finished import finish, made
from tests.shop_logs import ShopLog

SATURDAY = date(2024, 5, 4)
ALL = ("funnel_session", "funnel_user", "funnel_tier", "funnel_device", "days")


def named(report: ShopReport) -> dict[str, Picture]:
    return {one.name: one for one in pictures(report)}


def some_day(day: date, sessions: int, converted: int, carts: int = 0) -> Day:
    zeros = dict.fromkeys((*Tier.model_fields, "day"), 0)
    found = {name: zeros[name] for name in Day.model_fields}
    rates = {
        "conversion_rate": converted / sessions if sessions else None,
        "cart_abandonment_rate": 0.5 if carts else None,
        "bounce_rate": None,
        "average_order": None,
    }
    of_day = {"day": day, "sessions": sessions, "converted_sessions": converted, "cart_sessions": carts}
    return Day(**{**found, **rates, **of_day, "net_revenue": Decimal("12.5")})


@pytest.fixture
def nothing(shop: Lake) -> ShopReport:
    finish(shop, ShopLog())
    return made(shop)


def days_of(nothing: ShopReport, *found: Day) -> Picture:
    return named(nothing.model_copy(update={"daily_metrics": found, "currency": "EUR"}))["days"]


def test_funnel_names_its_biggest_loss(shop: Lake) -> None:
    finish(shop, small_shop())
    found = named(made(shop))["funnel_session"]
    assert found.table == [
        ("Step", "Sessions", "Of the step before", "Of the first", "Median time"),
        ("Page view", "2", "\N{EN DASH}", "100.0%", "\N{EN DASH}"),
        ("Product view", "2", "100.0%", "100.0%", "0.5 s"),
        ("Add to cart", "2", "100.0%", "100.0%", "0.5 s"),
        ("Checkout start", "1", "50.0%", "50.0%", "1.0 s"),
        ("Purchase", "1", "100.0%", "50.0%", "1.0 s"),
    ]
    assert found.says == (
        "The biggest loss is between Add to cart and Checkout start: 50.0% (1 of 2) go no further. "
        "1 of 2 sessions (50.0%) goes through all steps in this order."
    )
    assert found.units.endswith(
        "in brackets the part of the step before, \N{BLACK DOWN-POINTING TRIANGLE} the biggest loss"
    )
    for drawing in (found.wide, found.narrow):
        assert "1 (50.0%) \N{BLACK DOWN-POINTING TRIANGLE}" in drawing


def test_segments_have_counts_beside_rates(shop: Lake) -> None:
    finish(shop, small_shop())
    found = named(made(shop))["funnel_device"]
    for text in ("100.0% (1 of 1)", "0.0% (0 of 1)", "no session"):
        assert text in found.wide
    assert found.table[:3] == [
        ("Device", "Page view", "Product view", "Add to cart", "Checkout start", "Purchase", "Of the first"),
        ("Desktop, sessions", "1", "1", "1", "1", "1", "100.0%"),
        ("Mobile, sessions", "1", "1", "1", "0", "0", "0.0%"),
    ]
    assert found.says == "Fewer than two of these have 30 sessions to compare."


def test_day_without_sessions_is_a_gap(nothing: ShopReport) -> None:
    found = days_of(nothing, some_day(SATURDAY, 4, 3, 2), some_day(SATURDAY + timedelta(1), 0, 0))
    assert found.key == {"alarm": "no sessions"}
    assert found.says == "At weekends 75.0% of 4 sessions convert. No sessions on 1 of 2 days."
    assert found.table[1:] == [
        ("Sat 4 May 2024", "4", "75.0%", "2", "50.0%", "0", "12.50 EUR"),
        ("Sun 5 May 2024", "0", "\N{EN DASH}", "0", "\N{EN DASH}", "0", "12.50 EUR"),
    ]


def test_weekends_and_other_days_are_compared(nothing: ShopReport) -> None:
    found = days_of(nothing, some_day(SATURDAY - timedelta(1), 10, 1), some_day(SATURDAY, 10, 4))
    assert found.says == (
        "At weekends 40.0% of 10 sessions convert, on other days 10.0% of 10 sessions convert. "
        "No day is without sessions."
    )
    assert "Weekends are shaded." in found.units


def test_long_logs_show_seven_days_together(nothing: ShopReport) -> None:
    many = [some_day(SATURDAY + timedelta(number), 10, 1) for number in range(121)]
    assert days_of(nothing, *many[:120]).key == {}
    found = days_of(nothing, *many)
    assert found.key == {"accent": "7 days together, up to each day", "quiet": "a single day"}
    assert "Weekends" not in found.units


def test_rates_of_seven_days_are_pooled() -> None:
    week = [
        some_day(SATURDAY + timedelta(number), sessions, 1) for number, sessions in enumerate((1, 1, 1, 1, 1, 1, 94))
    ]
    rows = drawn([*week, some_day(SATURDAY + timedelta(7), 0, 0)])
    assert [row["conversion_of_week"] for row in rows] == [None] * 6 + [0.07, 6 / 99]
    assert {row["abandonment_of_week"] for row in rows} == {None}


def test_lonely_day_of_a_long_log_is_a_point() -> None:
    days = [some_day(SATURDAY + timedelta(number), number % 3, 1 if number % 3 else 0) for number in range(200)]
    assert [row["conversion_point"] for row in drawn(days)[:4]] == [False] * 4
    days[2:3] = [some_day(SATURDAY + timedelta(2), 0, 0)]
    assert [row["conversion_point"] for row in drawn(days)[:4]] == [False, True, False, False]


def test_logs_of_all_lengths_are_drawn(nothing: ShopReport) -> None:
    for length in (1, 2, 61, 400):
        found = [some_day(SATURDAY + timedelta(number), 10 * (number % 3), 1) for number in range(1, length + 1)]
        assert days_of(nothing, *found).wide.startswith("<svg")


def test_nothing_to_show_is_left_out(nothing: ShopReport) -> None:
    assert [len(one.table) for one in pictures(nothing)] == [1] * len(ALL)
    assert tuple(named(nothing)) == ALL
