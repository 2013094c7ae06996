"""The shop's answers at the terminal."""

from __future__ import annotations

from rich.table import Table
from upath import UPath

from cli.terminal import console, plain
from include.report import news
from include.report.numbers import percent
from include.report.shop import sentences
from include.report.shop.model import Funnel, ShopReport
from include.report.shop.page import headlines
from include.report.shop.words import NOUNS, in_words
from include.report.text import day
from spark_jobs.shared.documents import read_document


def show(file: UPath) -> ShopReport:
    """Print the funnel of a `report.json`, the main numbers, the quality score, and what is new; return the report."""
    report = read_document(file, ShopReport, "run the date again")
    console.print(funnel_of(report.funnel[0]))
    for one in headlines(report):
        console.print(plain(f"{one.what.capitalize()}: {one.value}{f', {one.change}' if one.change else ''}"))
    counts = report.counts
    console.print(
        f"Quality score {report.quality_score:.2f}: of {counts.records_read:,} records {counts.events_accepted:,} "
        f"kept, {counts.records_rejected:,} rejected; {'the log has ' if report.new else ''}"
        f"{counts.sessions:,} sessions of {counts.users:,} users"
    )
    if said := news.sentences(report, NOUNS):
        console.print(f"New: {' '.join(said)}")
    if report.since_previous and report.since_previous.changes:
        changed = (sentences.change_says(one, report.currency) for one in report.since_previous.changes)
        console.print(plain(f"Changed most since {day(report.since_previous.run_date)}: {' '.join(changed)}"))
    return report


def funnel_of(funnel: Funnel) -> Table:
    """Return the funnel by session as a table."""
    steps = Table(title="The funnel by session", title_justify="left")
    for column in ("Step", "Sessions", "Of the step before", "Of the first"):
        steps.add_column(column, justify="left" if column == "Step" else "right")
    for step in funnel.steps:
        rates = (percent(step.rate_from_previous), percent(step.rate_from_first))
        steps.add_row(in_words(step.event_type), f"{step.reached:,}", *rates)
    return steps
