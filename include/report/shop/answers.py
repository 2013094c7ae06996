"""The answers of a run as the report has them, read from the tables of the lake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import In

from include.report.scan import RunTables
from include.report.shop.model import Customer, Day, Funnel, Product, Step, Summary, Tier
from spark_jobs.conversion.funnel import SEGMENTS
from spark_jobs.conversion.tables import CUSTOMER_VALUE, DAILY_METRICS, FUNNEL, PRODUCT_PERFORMANCE, SUMMARY
from spark_jobs.conversion.tables import TIER_METRICS as TIERS_TABLE
from spark_jobs.conversion.tiers import TIERS
from spark_jobs.logs.shop.tables import PRODUCTS, TRANSACTIONS

# How many products and customers `report.json` has; the answers' files have all of them.
KEPT = 100
_FUNNEL = ("scope", "segment_kind", "segment")
Row = dict[str, Any]


def funnels(tables: RunTables) -> tuple[Funnel, ...]:
    """Return the funnel by session, then that by user: of all, by tier and by device."""
    places = {segment: place for place, segment in enumerate(SEGMENTS)}
    rows = tables.rows(FUNNEL).to_pylist()
    rows.sort(key=lambda row: (row["scope"], places[row["segment_kind"], row["segment"]], row["step"]))
    return tuple(_funnel(key, steps) for key, steps in groupby(rows, key=itemgetter(*_FUNNEL)))


def _funnel(key: tuple[str, ...], rows: Iterable[Row]) -> Funnel:
    steps = ({name: value for name, value in row.items() if name not in (*_FUNNEL, "step")} for row in rows)
    return Funnel(**dict(zip(_FUNNEL, key, strict=True)), steps=tuple(Step(**step) for step in steps))


def days(tables: RunTables) -> tuple[Day, ...]:
    """Return the metrics of every day, in order."""
    rows = sorted(tables.rows(DAILY_METRICS).to_pylist(), key=itemgetter("date"))
    return tuple(Day(day=row.pop("date"), **row) for row in rows)


def tiers(tables: RunTables) -> tuple[Tier, ...]:
    """Return the metrics of every tier, the lowest first."""
    rows = tables.rows(TIERS_TABLE).to_pylist()
    return tuple(Tier(**row) for row in sorted(rows, key=lambda row: TIERS.index(row["tier"])))


def summary(tables: RunTables, by_day: tuple[Day, ...], by_tier: tuple[Tier, ...]) -> Summary:
    """Return the whole log in numbers: every session is of one tier, so that the sum over tiers is the whole."""
    told = {row["metric"]: row["value"] for row in tables.rows(SUMMARY).to_pylist()}
    names = ("converted_sessions", "cart_sessions", "abandoned_sessions")
    sums = {name: sum(getattr(tier, name) for tier in by_tier) for name in names}
    return Summary(
        **told,
        **sums,
        days=len(by_day),
        conversion_rate=_rate(sums["converted_sessions"], told["sessions"]),
        cart_abandonment_rate=_rate(sums["abandoned_sessions"], sums["cart_sessions"]),
        average_order=round(told["gross_revenue"] / told["orders"], 2) if told["orders"] else None,
    )


def _rate(part: int, whole: Decimal | int) -> float | None:
    return part / int(whole) if whole else None


def best_products(tables: RunTables, run_date: date) -> tuple[tuple[Product, ...], int]:
    """Return the products of most revenue, and how many products there are."""
    rows, count = _first(tables.rows(PRODUCT_PERFORMANCE), "revenue", "product_id")
    named = _named(tables, [row["product_id"] for row in rows], run_date)
    unknown = {"name": None, "category": None}
    return tuple(Product(**row, **named.get(row["product_id"], unknown)) for row in rows), count


def best_customers(tables: RunTables) -> tuple[tuple[Customer, ...], int]:
    """Return the customers of most net revenue, and how many customers there are."""
    rows, count = _first(tables.rows(CUSTOMER_VALUE), "net_revenue", "user_id")
    return tuple(Customer(**row) for row in rows), count


def _first(rows: pa.Table, most: str, then: str) -> tuple[list[Row], int]:
    found = rows.sort_by([(most, "descending"), (then, "ascending")]).slice(0, KEPT)
    return found.to_pylist(), rows.num_rows


def _named(tables: RunTables, ids: list[str], run_date: date) -> dict[str, Row]:
    """Return what products are called at the end of a day, by their ids; those that are not known are left out."""
    end = datetime.combine(run_date + timedelta(days=1), time(), UTC)
    columns = ("product_id", "valid_from", "name", "category")
    rows = tables.rows(PRODUCTS, *columns, where=In(term="product_id", literals=ids)).to_pylist() if ids else []
    # Latest last; of equal times the texts decide, so that every run says the same.
    known = sorted((row for row in rows if row["valid_from"] < end), key=itemgetter(*columns))
    return {row["product_id"]: {"name": row["name"], "category": row["category"]} for row in known}


def currency(tables: RunTables) -> str | None:
    """Return the currency of all transactions, None where there is none or where there are several."""
    found: set[str] = set()
    for batch in tables.batches(TRANSACTIONS, "currency"):
        found |= set(pc.unique(batch["currency"]).to_pylist())
    return found.pop() if len(found) == 1 else None
