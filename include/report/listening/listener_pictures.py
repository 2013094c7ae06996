"""The pictures of who listens: countries, ages and years of joining."""

from __future__ import annotations

from functools import partial

from include.report import charts
from include.report.listening.model import Country, Listeners
from include.report.picture import Picture
from include.report.text import LONGEST_NAME, counted, isolated, one_line

# The countries drawn and listed; the listeners of the others are added up.
COUNTRIES = 10


def listener_pictures(listeners: Listeners) -> list[Picture]:
    """A picture each of the groups of `listeners.listener_groups`."""
    countries = [(_country(group.country), group.listeners) for group in _first(listeners.countries)]
    ages = [(_age(group.from_age), group.listeners) for group in listeners.ages]
    years = [(_year(group.year), group.listeners) for group in listeners.joined]
    return [
        _bars("countries", "Where they live", "Country", countries),
        _bars("ages", "How old they are", "Years", ages),
        _bars("joined", "When they joined", "Year", years),
    ]


def _bars(name: str, title: str, head: str, groups: list[tuple[str, int]]) -> Picture:
    rows = [{"label": label, "value": count, "marked": 0, "text": f"{count:,}"} for label, count in groups]
    most, count = max(groups, key=lambda group: group[1])
    return Picture(
        name,
        title,
        "Listeners of the longest sessions",
        f"Most: {most}, {counted(count, 'listener')}.",
        [(head, "Listeners"), *((label, f"{count:,}") for label, count in groups)],
        partial(charts.bars, rows),
    )


def _first(countries: tuple[Country, ...]) -> list[Country]:
    """The largest ones, then all others as one, then the unknown ones."""
    known = [group for group in countries if group.country is not None]
    unknown = [group for group in countries if group.country is None]
    rest = sum(group.listeners for group in known[COUNTRIES:])
    others = [Country(country="other countries", listeners=rest)] if rest else []
    return [*known[:COUNTRIES], *others, *unknown]


def _country(country: str | None) -> str:
    return "not known" if country is None else isolated(one_line(country, LONGEST_NAME))


def _age(from_age: int | None) -> str:
    return "not known" if from_age is None else f"{from_age} to {from_age + 9}"


def _year(year: int | None) -> str:
    return "not known" if year is None else str(year)
