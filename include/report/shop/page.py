"""The report of `shop` for people: as a page of its own, and as a few lines for a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from jinja2 import Template

from include.report.numbers import difference, percent, points
from include.report.page import common_parts, template_of
from include.report.shop import changes, sentences
from include.report.shop.model import Customer, Day, Product, ShopReport, Tier
from include.report.shop.pictures import pictures
from include.report.shop.words import NOUNS, in_words, money, product_name, short_id
from include.report.text import day

# In the page; the JSON has more of them, the answers' files have all.
PRODUCTS_SHOWN, CUSTOMERS_SHOWN, LONGEST_SENTENCE = 10, 10, 300
SECTIONS = {
    "answer": "The answer",
    "funnel": "The funnel",
    "days": "Day by day",
    "products": "The best products",
    "customers": "The best customers",
    "trust": "What was rejected, and why",
    "new": "What was new",
    "changed": "What changed most",
    "beside": "Beside the funnel",
    "made": "How it was made",
}
Rows = list[tuple[str | int, ...]]


@dataclass(frozen=True)
class Headline:
    """A number that the answer begins with: what it is, and how it has changed since the answer before."""

    what: str
    value: str
    change: str


def render_html(report: ShopReport) -> str:
    """Return the report as one page that needs nothing else; names are shown as text, whatever they hold."""
    return _template("report.html.j2").render(
        dict(report),
        **vars(common_parts(report, NOUNS, pictures(report), duplicates_warned=True)),
        **_said(report),
        sections=_sections(report),
        headlines=headlines(report),
        day_rows=_day_rows(report),
        tier_rows=[_tier_row(one) for one in report.tier_metrics],
        product_rows=[_product_row(one) for one in report.products[:PRODUCTS_SHOWN]],
        customer_rows=[_customer_row(one) for one in report.customers[:CUSTOMERS_SHOWN]],
        unit=f" ({report.currency})" if report.currency else "",
    )


def render_markdown(report: ShopReport) -> str:
    """Return verdict, score, the answer and what changed, for a chat that knows Markdown."""
    parts = vars(common_parts(report, NOUNS))
    return _template("report.md.j2").render(dict(report), **parts, **_said(report), headlines=headlines(report))


def _template(name: str) -> Template:
    return template_of("shop", name, FEWEST=changes.FEWEST, SENTENCE=LONGEST_SENTENCE)


def _said(report: ShopReport) -> dict[str, object]:
    since = report.since_previous
    return {
        "lead": sentences.lead(report),
        "changed": [sentences.change_says(change, report.currency) for change in since.changes] if since else [],
    }


def _sections(report: ShopReport) -> dict[str, str]:
    """The sections there is something to say in."""
    has_content = {
        "new": report.new,
        "funnel": any(step.reached for one in report.funnel for step in one.steps),
        # A single day is no line to look at, and the answer has it.
        "days": len(report.daily_metrics) > 1,
        "products": report.products,
        "customers": report.customers,
        "changed": report.since_previous,
        "beside": report.summary.sessions or report.summary.orders,
    }
    return {name: title for name, title in SECTIONS.items() if has_content.get(name, True)}


def headlines(report: ShopReport) -> list[Headline]:
    """Return the main numbers of the whole log, with what has changed since the answer before."""
    now, then = report.summary, report.since_previous.summary if report.since_previous else None
    changed = {"conversion": "", "orders": "", "net": "", "abandonment": ""}
    if then:
        changed = {
            "conversion": points(then.conversion_rate, now.conversion_rate),
            "orders": difference(then.orders, now.orders),
            "net": difference(then.net_revenue, now.net_revenue),
            "abandonment": points(then.cart_abandonment_rate, now.cart_abandonment_rate),
        }
    return [
        Headline("conversion of sessions", percent(now.conversion_rate), changed["conversion"]),
        Headline("orders" if now.orders != 1 else "order", f"{now.orders:,}", changed["orders"]),
        Headline("net revenue", money(now.net_revenue, report.currency), changed["net"]),
        Headline("cart abandonment", percent(now.cart_abandonment_rate), changed["abandonment"]),
    ]


def _day_rows(report: ShopReport) -> Rows:
    """The run date, the day before and the one a week before, as far as the log has them."""
    found = {one.day: one for one in report.daily_metrics}
    wanted = [report.run_date - timedelta(days=number) for number in (0, 1, 7)]
    return [_day_row(found[one]) for one in wanted if one in found]


def _day_row(one: Day) -> tuple[str | int, ...]:
    return (
        f"{one.day:%a} {day(one.day)}",
        one.sessions,
        percent(one.conversion_rate),
        money(one.net_revenue, None),
        one.orders,
        percent(one.cart_abandonment_rate),
    )


def _tier_row(one: Tier) -> tuple[str | int, ...]:
    return (
        in_words(one.tier),
        one.sessions,
        percent(one.conversion_rate),
        money(one.net_revenue, None),
        money(one.net_revenue_per_user, None),
        percent(one.cart_abandonment_rate),
    )


def _product_row(one: Product) -> tuple[str | int, ...]:
    return (
        product_name(one),
        money(one.revenue, None),
        one.units,
        one.buyers,
        one.view_sessions,
        one.cart_sessions,
        percent(one.view_to_cart_rate),
        percent(one.cart_to_buy_rate),
    )


def _customer_row(one: Customer) -> tuple[str | int, ...]:
    return (
        short_id(one.user_id),
        money(one.net_revenue, None),
        one.orders,
        in_words(one.tier),
        money(one.refunded, None),
        f"{one.last_order_at:%Y-%m-%d}",
    )
