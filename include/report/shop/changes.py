"""What changed most since the answer before.

A value counts if at least FEWEST sessions, orders or buyers stand behind it in both answers. Amounts of the whole log,
of tiers and of products are compared for each day of the log, so that a log with one more day is not a change. The
largest change counts first, as a part of the value before; of each tier, device, product and day only its largest.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from include.report.previous import other_parameters, report_before
from include.report.shop.model import Change, ShopReport, SincePrevious
from spark_jobs.shared.lake import Lake

FEWEST, CHANGES = 30, 3
# The parameters that two answers must share to be compared without a word.
METHOD = ("session_gap_minutes", "minimum_quality_score")
_AMOUNTS = ("average_order", "net_revenue", "net_revenue_a_day")


class Key(NamedTuple):
    """What a value is of: the whole log or a part of it, and a measure."""

    kind: str
    subject: str
    measure: str


class Value(NamedTuple):
    """A value, and how many sessions, orders or buyers stand behind it."""

    value: float
    backed_by: int
    name: str | None = None


def since_previous(lake: Lake, now: ShopReport) -> SincePrevious | None:
    """Return an answer against that of the last earlier run date; None where there is none that can be read."""
    then = report_before(lake, now.run_date, ShopReport)
    if then is None:
        return None
    return SincePrevious(
        run_date=then.run_date,
        parameters=other_parameters(then, now, METHOD),
        verdict=then.verdict,
        quality_score=then.quality_score,
        summary=then.summary,
        changes=largest_changes(then, now),
    )


def largest_changes(then: ShopReport, now: ShopReport) -> tuple[Change, ...]:
    """Return the CHANGES largest changes from one answer to another."""
    before, after = dict(values(then)), dict(values(now))
    # Amounts of two currencies cannot be compared.
    compared = [key for key in after if key in before and (then.currency == now.currency or not _is_amount(key))]
    found = [_change(key, before[key], after[key]) for key in compared if _has_changed(before[key], after[key])]
    by_size = sorted(found, key=lambda one: (-_size(one), one.kind, one.subject, one.measure))
    by_subject = {(one.kind, one.subject): one for one in reversed(by_size)}
    return tuple(one for one in by_size if by_subject[one.kind, one.subject] is one)[:CHANGES]


def values(report: ShopReport) -> Iterator[tuple[Key, Value]]:
    """Yield the values of an answer that may be compared with those of another one."""
    whole, days = report.summary, report.summary.days
    yield from _rates("whole", "", whole)
    if days:
        yield Key("whole", "", "orders_a_day"), Value(whole.orders / days, whole.orders)
    yield from _amounts("whole", "", whole, days)
    for tier in report.tier_metrics:
        yield from _rates("tier", tier.tier, tier)
        yield from _amounts("tier", tier.tier, tier, days)
    for funnel in report.funnel:
        if (funnel.scope, funnel.segment_kind) == ("session", "device"):
            bought = funnel.steps[-1].rate_from_first
            yield from _known("device", funnel.segment, "conversion_rate", bought, funnel.steps[0].reached)
    for product in report.products:
        if days:
            a_day = Value(float(product.revenue) / days, product.buyers, product.name)
            yield Key("product", product.product_id, "net_revenue_a_day"), a_day
    for day in report.daily_metrics:
        yield from _rates("day", str(day.day), day)
        yield Key("day", str(day.day), "net_revenue"), Value(float(day.net_revenue), day.orders)


def _rates(kind: str, subject: str, of: Any) -> Iterator[tuple[Key, Value]]:
    yield from _known(kind, subject, "conversion_rate", of.conversion_rate, of.sessions)
    yield from _known(kind, subject, "cart_abandonment_rate", of.cart_abandonment_rate, of.cart_sessions)
    yield from _known(kind, subject, "average_order", of.average_order, of.orders)


def _amounts(kind: str, subject: str, of: Any, days: int) -> Iterator[tuple[Key, Value]]:
    if days:
        yield Key(kind, subject, "net_revenue_a_day"), Value(float(of.net_revenue) / days, of.orders)


def _known(
    kind: str, subject: str, measure: str, value: float | Decimal | None, backed_by: int
) -> Iterator[tuple[Key, Value]]:
    if value is not None:
        yield Key(kind, subject, measure), Value(float(value), backed_by)


def _is_amount(key: Key) -> bool:
    return key.measure in _AMOUNTS


def _has_changed(before: Value, now: Value) -> bool:
    return before.value != now.value and min(before.backed_by, now.backed_by) >= FEWEST


def _change(key: Key, before: Value, now: Value) -> Change:
    part = (now.value - before.value) / before.value if before.value else None
    return Change(**key._asdict(), before=before.value, now=now.value, change=part, name=now.name)


def _size(change: Change) -> float:
    """From nothing to something is the largest change."""
    return float("inf") if change.change is None else abs(change.change)
