"""Who the listeners of the top sessions are, as far as their profiles tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

Rows = list[dict[str, Any]]


def listener_groups(listeners: Rows) -> dict[str, Any] | None:
    """Count listeners by country, most first, by ten years of age and by year of joining; None without any listener.

    Each group says how many `listeners` it has; those of whom it is not known are in the last one, where its `country`,
    `from_age` or `year` is None.
    """
    if not listeners:
        return None
    countries = Counter(listener["country"] for listener in listeners)
    ages = Counter(_decade(listener["age"]) for listener in listeners)
    years = Counter(_year(listener["registered_on"]) for listener in listeners)
    by_size = sorted(_known(countries), key=lambda name: (-countries[name], name))
    return {
        "listeners": len(listeners),
        "countries": _groups("country", by_size, countries),
        "ages": _groups("from_age", _without_holes(_known(ages), 10), ages),
        "joined": _groups("year", _without_holes(_known(years), 1), years),
    }


def _groups(name: str, values: Iterable[Any], counts: Counter[Any]) -> Rows:
    unknown = [None] if counts[None] else []
    return [{name: value, "listeners": counts[value]} for value in [*values, *unknown]]


def _known(counts: Counter[Any]) -> list[Any]:
    return [value for value in counts if value is not None]


def _without_holes(numbers: list[int], step: int) -> Iterable[int]:
    """All steps from the lowest to the highest: a group of nobody is a figure too."""
    return range(min(numbers), max(numbers) + step, step) if numbers else ()


def _decade(age: int | None) -> int | None:
    return None if age is None else age // 10 * 10


def _year(registered_on: Any) -> int | None:
    return None if registered_on is None else registered_on.year
