"""What the report says of the answers in sentences: the page and the chat say the same."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from include.report.numbers import percent
from include.report.shop.model import Change, Funnel, ShopReport, Step
from include.report.shop.words import LONGEST_LABEL, in_words, money, short_id
from include.report.text import counted, day, isolated, one_line

_RATES = ("conversion_rate", "cart_abandonment_rate")
_MEASURES = {
    "conversion_rate": "The conversion of sessions",
    "cart_abandonment_rate": "Cart abandonment",
    "average_order": "The average order",
    "orders_a_day": "The number of orders a day",
    "net_revenue_a_day": "Net revenue a day",
    "net_revenue": "Net revenue",
}
# Those that are called otherwise of some things.
_NAMES = {
    ("device", "conversion_rate"): "The part of sessions that go through the whole funnel",
    ("product", "net_revenue_a_day"): "Revenue a day",
}


def lead(report: ShopReport) -> str:
    """Return the answer in one sentence."""
    found = report.summary
    if not found.sessions:
        return f"There is no session in this log{', and no order' if not found.orders else ''}."
    net = money(found.net_revenue, report.currency)
    return (
        f"{percent(found.conversion_rate)} of {counted(found.sessions, 'session')} convert: "
        f"{counted(found.orders, 'order')}, {net} net."
    )


def biggest_loss(funnel: Funnel) -> tuple[Step, Step] | None:
    """Return the two steps between which the largest part is lost, the first of equal ones; None if nothing is."""
    pairs = [(before, step) for before, step in pairwise(funnel.steps) if before.reached > step.reached]
    return min(pairs, key=lambda pair: pair[1].reached / pair[0].reached, default=None)


def funnel_says(funnel: Funnel) -> str:
    """Return how many go through a funnel to its end, and where most are lost."""
    first, last = funnel.steps[0], funnel.steps[-1]
    whole = f"{last.reached:,} of {counted(first.reached, funnel.scope)} ({percent(last.rate_from_first)})"
    said = f"{whole} {'goes' if last.reached == 1 else 'go'} through all steps in this order."
    loss = biggest_loss(funnel)
    if not loss:
        return said
    before, step = loss
    gone = before.reached - step.reached
    return (
        f"The biggest loss is between {in_words(before.event_type)} and {in_words(step.event_type)}: "
        f"{percent(gone / before.reached)} ({gone:,} of {before.reached:,}) go no further. {said}"
    )


def change_says(change: Change, currency: str | None) -> str:
    """Return a change as a sentence; a product's name is isolated, so that its direction changes nothing around it."""
    verb = "rose" if change.now > change.before else "fell"
    before, now = (_value(change, value, currency) for value in (change.before, change.now))
    by = f" by {abs(change.change):.1%}" if change.change is not None else ""
    return f"{_measure(change)} {verb}{by}, from {before} to {now}."


def _measure(change: Change) -> str:
    if (change.kind, change.measure) in _NAMES:
        return f"{_NAMES[change.kind, change.measure]}{_of(change)}"
    return f"{_MEASURES[change.measure]}{_of(change)}"


def _of(change: Change) -> str:
    match change.kind:
        case "whole":
            return ""
        case "tier":
            return f" in the tier {change.subject}"
        case "device":
            return f" on {'other devices' if change.subject == 'other' else change.subject}"
        case "product":
            name = isolated(one_line(change.name, LONGEST_LABEL)) if change.name else short_id(change.subject)
            return f" of {name}"
    return f" on {day(date.fromisoformat(change.subject))}"


def _value(change: Change, value: float, currency: str | None) -> str:
    if change.measure in _RATES:
        return percent(value)
    return f"{value:,.1f}" if change.measure == "orders_a_day" else money(value, currency)
