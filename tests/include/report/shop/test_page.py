"""The page of the shop tells an analyst the answers, for every content that a log can have."""

from __future__ import annotations

import re
from datetime import timedelta

from jinja2 import Environment, PackageLoader, StrictUndefined

from include.report.shop.page import SECTIONS, render_html
from spark_jobs.shared.lake import Lake
from tests.include.report.shop.conftest import SCRIPT, TEN, small_shop
from tests.include.report.shop.finished import finish, leave_facts, made, report
from tests.include.report.test_page import section, table, words
from tests.shop_logs import RUN_DATE, ShopLog
from tests.shop_rows import event, order

YESTERDAY = RUN_DATE - timedelta(days=1)
REJECTED = {"events": {"invalid_json": 2, "duplicate": 1_400}, "users": {"missing_tier": 1}}
WARNED = {"transactions": {"unknown_product": 3}}


def page(lake: Lake) -> str:
    return render_html(made(lake))


def test_answer_has_numbers_and_days(shop: Lake) -> None:
    finish(shop, small_shop())
    answer = section(page(shop), "answer")
    assert words(answer.partition("</dl>")[0]) == (
        "The answer conversion of sessions 33.3% orders 2 net revenue 1,005.00 EUR cart abandonment 50.0%"
    )
    assert table(answer, "The run date and days before it") == [
        ["Day (UTC)", "Sessions", "Conversion", "Net revenue (EUR)", "Orders", "Cart abandonment"],
        ["Fri 10 May 2024", "2", "0.0%", "0.00", "0", "100.0%"],
        ["Thu 9 May 2024", "0", "\N{EN DASH}", "0.00", "0", "\N{EN DASH}"],
    ]
    assert "3 days with 3 users; there is no earlier run to compare with." in words(answer)


def test_names_are_text_beside_their_counts(shop: Lake) -> None:
    finish(shop, small_shop())
    html = page(shop)
    assert "<script" not in html
    assert table(html, "The best products") == [
        [
            *("Product", "Revenue (EUR)", "Units", "Buyers"),
            *("Sessions that viewed it", "Sessions with it in a cart", "View to cart", "Cart to order"),
        ],
        [f"\u2068{SCRIPT}\u2069", "1,007.50", "2", "2", "1", "1", "100.0%", "100.0%"],
        ["sock", "0.00", "0", "0", "1", "1", "100.0%", "0.0%"],
    ]
    assert table(html, "The best customers") == [
        ["User", "Net revenue (EUR)", "Orders", "Tier", "Refunded (EUR)", "Last order (UTC)"],
        ["ann", "1,005.00", "1", "Gold", "0.00", "2024-05-08"],
        ["bob", "0.00", "1", "Bronze", "2.50", "2024-05-08"],
    ]
    assert "All 2 products, by revenue." in words(html)


def test_tiers_have_rates_and_revenue(shop: Lake) -> None:
    finish(shop, small_shop())
    assert table(page(shop), "What each tier brings") == [
        ["Tier", "Sessions", "Conversion", "Net revenue (EUR)", "A user (EUR)", "Cart abandonment"],
        ["Bronze", "1", "0.0%", "0.00", "0.00", "100.0%"],
        ["Silver", "0", "\N{EN DASH}", "0.00", "\N{EN DASH}", "\N{EN DASH}"],
        ["Gold", "1", "100.0%", "1,005.00", "1,005.00", "0.0%"],
        ["Platinum", "0", "\N{EN DASH}", "0.00", "\N{EN DASH}", "\N{EN DASH}"],
        ["Unknown", "1", "0.0%", "0.00", "0.00", "\N{EN DASH}"],
    ]


def test_page_shows_ten_and_says_how_many_there_are(shop: Lake) -> None:
    users = [f"0000{number:04}-0000-4000-8000-00000000{number:04}" for number in range(12)]
    orders = [order("1", transaction_id=user, user_id=user, moment=TEN) for user in users]
    finish(shop, ShopLog([event("LOGIN", TEN)], orders))
    html = page(shop)
    assert [row[0] for row in table(html, "The best customers")[1:]] == [
        f"0000{number:04}…{number:04}" for number in range(10)
    ]
    assert "The 10 of most net revenue, of 12 customers: customer_value.tsv has all" in words(html)


def test_rejected_records_are_told_by_kind(shop: Lake) -> None:
    finish(shop, small_shop(), rejected=REJECTED, warnings=WARNED)
    html = section(page(shop), "trust")
    assert table(html, "Rejected events") == [
        ["Reason to reject events", "Records"],
        ["duplicate Another record of its kind says the same in every field.", "1,400"],
        [
            "invalid_json The line is not one JSON object of at most 1 MiB whose names are all different; an empty "
            "line counts.",
            "2",
        ],
    ]
    assert [row[1] for row in table(html, "Rejected users")] == ["Records", "1"]
    assert table(html, "Rejected transactions") == []
    assert table(html, "Warnings on transactions")[1] == [
        "unknown_product No accepted record of products is of a product among its items.",
        "3",
    ]
    assert "of 1,419 records 16 were kept, 1,403 rejected." in words(html)


def test_only_the_largest_reasons_are_open(shop: Lake) -> None:
    names = [f"missing_{name}" for name in ("event_id", "event_type", "occurred_at", "user_id", "device_type")]
    finish(shop, small_shop(), rejected={"events": {**dict.fromkeys(names, 2), "duplicate": 1}})
    html = section(page(shop), "trust")
    assert [row[1] for row in table(html, "Rejected events")] == ["Records", *["2"] * 5]
    assert "1 more reason" in words(html)
    assert [row[1] for row in table(html, "More: rejected events")] == ["Records", "1"]
    assert "No record has a warning." in words(html)


def test_changes_since_the_run_before_are_told(shop: Lake) -> None:
    log = small_shop()
    finish(shop, ShopLog(log.events[:-1], log.transactions[:1], log.users), YESTERDAY)
    leave_facts(shop, YESTERDAY)
    finish(shop, log)
    html = page(shop)
    assert words(section(html, "answer").partition("</dl>")[0]) == (
        "The answer conversion of sessions \N{MINUS SIGN}16.7 points 33.3% orders +1 (+100.0%) 2 "
        "net revenue unchanged 1,005.00 EUR cart abandonment unchanged 50.0%"
    )
    changed = words(section(html, "changed"))
    assert "Nothing that 30 sessions, orders or buyers stand behind has changed since 9 May 2024." in changed
    assert "The verdict is good, as then; the quality score was 99.50, is 99.50." in changed


def test_what_is_beside_the_funnel_is_told(shop: Lake) -> None:
    finish(shop, small_shop())
    beside = section(page(shop), "beside")
    assert [words(term) for term in re.findall("<dt>(.*?)</dt>", beside)] == [
        "1 session of 3, and 1 user of 3, without a page view",
        "0 purchases outside the order of the steps",
        "2 users with an open window",
        "1 open session",
        "Unattributed revenue: 2.50 EUR",
    ]


def test_sections_are_in_their_order(shop: Lake) -> None:
    finish(shop, small_shop(), YESTERDAY)
    leave_facts(shop, YESTERDAY)
    finish(shop, small_shop())
    found = re.findall('<section aria-labelledby="(.*?)">', page(shop))
    assert found == [name for name in SECTIONS if name != "new"]


def test_single_day_is_in_the_answer_alone(shop: Lake) -> None:
    finish(shop, ShopLog([event("LOGIN", TEN)]))
    html = page(shop)
    assert re.findall('<section aria-labelledby="(.*?)">', html) == ["answer", "trust", "beside", "made"]
    assert "No session started on the run date, on the day before it or a week before it." in words(html)


def test_empty_log_says_so(shop: Lake) -> None:
    finish(shop, ShopLog())
    html = page(shop)
    assert re.findall('<section aria-labelledby="(.*?)">', html) == ["answer", "trust", "made"]
    shown = words(html)
    for part in (
        "There is no session in this log, and no order.",
        "conversion of sessions \N{EN DASH} orders 0 net revenue 0.00 cart abandonment \N{EN DASH}",
        "No session started on the run date, on the day before it or a week before it.",
        "No record was rejected. No record has a warning.",
    ):
        assert part in shown


def test_chat_gets_the_answer_and_what_changed(shop: Lake) -> None:
    finish(shop, small_shop())
    assert (report(shop) / "report.md").read_text().splitlines() == [
        "**How the shop converts, 10 May 2024**: good, quality score 99.50 of 100",
        "",
        "33.3% of 3 sessions convert: 2 orders, 1,005.00 EUR net.",
        "",
        "- Conversion of sessions: 33.3%",
        "- Orders: 2",
        "- Net revenue: 1,005.00 EUR",
        "- Cart abandonment: 50.0%",
    ]
    finish(shop, small_shop(), YESTERDAY)
    leave_facts(shop, YESTERDAY)
    assert (report(shop) / "report.md").read_text().splitlines()[-3:] == [
        "",
        "Since 9 May 2024, what changed most:",
        "nothing",
    ]


def test_page_shows_the_last_days_of_many(shop: Lake) -> None:
    finish(shop, small_shop())
    found = made(shop)
    days = [
        found.daily_metrics[0].model_copy(update={"day": RUN_DATE - timedelta(days=number)})
        for number in reversed(range(4_000))
    ]
    html = render_html(found.model_copy(update={"daily_metrics": tuple(days)}))
    assert "The last 400 of 4,000 days: daily_metrics.tsv has all." in words(html)
    assert len(table(html, "Conversion and cart abandonment by day")) == 401
    assert len(html) < 1_000_000


def test_list_of_run_dates_shows_the_funnel(shop: Lake) -> None:
    pages = Environment(loader=PackageLoader("include.pages"), autoescape=True, undefined=StrictUndefined)
    answer = pages.get_template("answer_shop.html.j2")
    finish(shop, small_shop())
    shown = answer.render(row={"first": made(shop).funnel[0]})
    assert words(shown) == "50.0% buy 1 of 2 sessions go through the funnel"
    finish(shop, ShopLog())
    assert words(answer.render(row={"first": made(shop).funnel[0]})) == "no session with a page view"
