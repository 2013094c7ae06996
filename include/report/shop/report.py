"""The report of `shop`, gathered from the tables of a run, and the files that show it."""

from __future__ import annotations

from include.report.model import RunReport
from include.report.scan import RunTables
from include.report.shop import answers
from include.report.shop.changes import since_previous
from include.report.shop.files import answer_texts
from include.report.shop.model import ShopReport
from include.report.shop.page import render_html, render_markdown
from spark_jobs.conversion.record import ConversionRecord
from spark_jobs.conversion.tables import ANSWERS
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord


def report_of(
    lake: Lake, tables: RunTables, left: PublicationRecord[ConversionRecord], common: RunReport
) -> ShopReport:
    """Return the report, given what is common to all logs."""
    days, tiers = answers.days(tables), answers.tiers(tables)
    products, product_count = answers.best_products(tables, common.run_date)
    customers, customer_count = answers.best_customers(tables)
    report = ShopReport(
        **dict(common),
        funnel=answers.funnels(tables),
        summary=answers.summary(tables, days, tiers),
        daily_metrics=days,
        tier_metrics=tiers,
        products=products,
        product_count=product_count,
        customers=customers,
        customer_count=customer_count,
        currency=answers.currency(tables),
        since_previous=None,
    )
    return report.model_copy(update={"since_previous": since_previous(lake, report)})


def answer_files(tables: RunTables, report: ShopReport) -> dict[str, str]:
    """Return the answers as tab-separated lines, as a page, and as a few lines for a chat."""
    return {
        **answer_texts({answer.name: tables.rows(answer) for answer in ANSWERS}),
        "report.html": render_html(report),
        "report.md": render_markdown(report),
    }
